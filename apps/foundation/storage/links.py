"""Links for people: whoever has one may read one file until it expires, and the audit trail says whose link it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from django.conf import settings
from django.core import signing

from apps.foundation.identity.principal import Principal, Role
from apps.foundation.storage.errors import BadFileAddress
from apps.foundation.storage.models import StoredFile

_SALT = "apps.foundation.storage.links"
#: Seconds a link is good for, unless its maker says otherwise, and at most.
USUAL_SECONDS, LONGEST_SECONDS = 900, 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class FileLink:
    """What a link says: the file, who made the link, and how the file is given. `target_type` and `target_id` are what
    the audit trail is told was downloaded."""

    account_id: str
    file_id: str
    principal: Principal
    name: str
    inline: bool
    target_type: str
    target_id: str


def link_to(
    file: StoredFile,
    principal: Principal,
    *,
    name: str = "",
    inline: bool = True,
    seconds: int = USUAL_SECONDS,
    target: tuple[str, str] | None = None,
) -> str:
    """An address below the installation's public one, good for `seconds`. `target` is what the file belongs to, as
    `(type, id)`."""
    target_type, target_id = target or ("file", file.id)
    said = {
        "a": file.account_id,
        "f": file.id,
        "w": [principal.account_id, principal.user_id or ""],
        "n": name or file.name,
        "i": inline,
        "t": [target_type, target_id],
        "s": min(max(seconds, 1), LONGEST_SECONDS),
    }
    token = signing.dumps(said, salt=_SALT)
    return f"{settings.PUBLIC_URL.rstrip('/')}/files/{token}{PurePosixPath(file.path).suffix}"


def read_link(token: str) -> FileLink:
    """Raises BadFileAddress for one that is forged, cut, or too old."""
    token = token.partition(".")[0]  # the rest is for players that go by the ending
    try:
        said = signing.loads(token, salt=_SALT, max_age=LONGEST_SECONDS)
        said = signing.loads(token, salt=_SALT, max_age=said["s"])
    except (signing.BadSignature, KeyError, TypeError) as error:
        raise BadFileAddress(str(error)) from error
    account_id, user_id = said["w"]
    principal = Principal(account_id, user_id or None, Role.USER, "file_link")
    return FileLink(said["a"], said["f"], principal, said["n"], said["i"], *said["t"])
