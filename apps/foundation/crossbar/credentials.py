"""Where a request may carry its credential, and whose it is.

A token stands in `X-Auth-Token`, in `Authorization: Bearer <token>` (or raw), in the query (`auth_token`,
`authorization`) or in the envelope (`auth_token`); the first of these that is given is taken. `Authorization: Basic`
carries `account_id:credentials`.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from apps.foundation.accounts.models import Account
from apps.foundation.crossbar.errors import Unauthenticated
from apps.foundation.identity.authentication import authenticate, authenticate_basic
from apps.foundation.identity.principal import Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """`account` is the principal's own where it was read on the way; `token` what was presented, empty for Basic."""

    principal: Principal
    account: Account | None
    token: str


def identify(request: HttpRequest, envelope: Mapping[str, Any], client_ip: str, request_id: str) -> Caller | None:
    """The caller, or None where no credential is given. Raises identity's errors for one that does not hold."""
    authorization = request.headers.get("Authorization", "").strip()
    header_token = request.headers.get("X-Auth-Token", "").strip()
    scheme, _, rest = authorization.partition(" ")
    if not header_token and scheme.lower() == "basic":
        account_id, credentials = _basic(rest)
        principal = authenticate_basic(account_id, credentials, client_ip=client_ip, request_id=request_id)
        return Caller(principal, None, "")
    token = header_token or (rest.strip() if scheme.lower() == "bearer" else authorization)
    token = token or request.GET.get("auth_token", "") or request.GET.get("authorization", "")
    if not token and isinstance(envelope.get("auth_token"), str):
        token = envelope["auth_token"]
    if not token:
        return None
    known = authenticate(token, request_id)
    return Caller(known.principal, known.account, token)


def _basic(encoded: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise Unauthenticated from None
    account_id, _, credentials = text.partition(":")
    return account_id, credentials
