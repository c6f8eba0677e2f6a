"""An API request as handlers see it: who asks, for which account, with what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from apps.foundation.accounts.models import Account
from apps.foundation.crossbar.errors import Forbidden, Unauthenticated
from apps.foundation.identity.principal import Principal

_MISSING = object()
_TRUE = ("true", "1", "yes", "t", "on")


@dataclass(slots=True)
class ApiRequest:
    """`data` is the envelope's `data`; `query` the query string, the last value of a repeated key; `body` the bytes.

    `id` names the item of the resource, `parent_ids` those of the nouns before it (`{"users": "…"}`), `arguments` the
    placeholders of a sub-path. `principal` and `account` raise where a public route was called without a credential
    or outside an account.
    """

    http: HttpRequest
    verb: str
    request_id: str
    client_ip: str
    identified: Principal | None = None
    of_account: Account | None = None
    data: Any = field(default_factory=dict)
    envelope: dict[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""
    files: "list[UploadedFile[Any]]" = field(default_factory=list)
    id: str = ""
    parent_ids: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    token: str = ""
    #: The media type the client is given.
    accept: str = "application/json"

    @property
    def principal(self) -> Principal:
        if self.identified is None:
            raise Unauthenticated
        return self.identified

    @property
    def account(self) -> Account:
        if self.of_account is None:
            raise Forbidden("this address needs an account")
        return self.of_account

    def value(self, name: str, default: Any = None) -> Any:
        """A request value, looked for in `data`, then the query string, then the envelope."""
        for place in (self.data if isinstance(self.data, dict) else {}, self.query, self.envelope):
            found = place.get(name, _MISSING)
            if found is not _MISSING:
                return found
        return default

    def flag(self, name: str, default: bool = False) -> bool:
        """A request value as a truth; text counts as crossbar reads it (`true`, `1`, `yes`)."""
        found = self.value(name, default)
        return found if isinstance(found, bool) else str(found).lower() in _TRUE
