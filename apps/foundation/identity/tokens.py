"""Auth tokens: JSON Web Tokens (RFC 7519) signed with HS256, with crossbar's claims.

A token says who (`account_id`, `owner_id`), how (`method`: cb_user_auth, cb_api_auth), until when, and carries
`identity_sig`: an HMAC over the salts of account and person. Changing a salt voids every token made with it; a single
token is given back by its `jti`. An impersonated token names the impersonator in `original_account_id` and
`original_owner_id`, and is void with him (`original_sig`).
"""

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.foundation.accounts.models import Account
from apps.foundation.identity.errors import InvalidCredentials
from apps.foundation.identity.models import Login
from apps.foundation.kit.ids import new_id

USER_AUTH = "cb_user_auth"
API_AUTH = "cb_api_auth"
SESSION_AUTH = "session"
BASIC_AUTH = "cb_basic_auth"
RECOVERY_AUTH = "cb_user_auth_recovery"

ISSUER = "kazoo"
_ALGORITHM = "HS256"
_REQUIRED = ["account_id", "exp", "iat", "iss", "jti", "method", "identity_sig"]
#: Longer text is not ours: an impersonated token is under 1,000 characters.
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says; `issued` and `expires` are Unix seconds."""

    account_id: str
    owner_id: str | None
    method: str
    jti: str
    issued: int
    expires: int
    identity_sig: str
    original_account_id: str | None = None
    original_owner_id: str | None = None
    original_sig: str | None = None


def sign_token(claims: Claims) -> str:
    import jwt

    payload: dict[str, Any] = {
        "iss": ISSUER,
        "account_id": claims.account_id,
        "owner_id": claims.owner_id,
        "method": claims.method,
        "jti": claims.jti,
        "iat": claims.issued,
        "exp": claims.expires,
        "identity_sig": claims.identity_sig,
        "original_account_id": claims.original_account_id,
        "original_owner_id": claims.original_owner_id,
        "original_sig": claims.original_sig,
    }
    given = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(given, _key("token"), algorithm=_ALGORITHM)


def read_token(token: str) -> Claims:
    """The claims of a token that we signed and that has not expired. Raises InvalidCredentials."""
    if len(token) > _LONGEST:
        raise InvalidCredentials
    import jwt

    try:
        payload = jwt.decode(
            token, _key("token"), algorithms=[_ALGORITHM], issuer=ISSUER, options={"require": _REQUIRED}
        )
    except (jwt.InvalidTokenError, ValueError) as error:
        raise InvalidCredentials from error
    return Claims(
        account_id=str(payload["account_id"]),
        owner_id=payload.get("owner_id"),
        method=str(payload["method"]),
        jti=str(payload["jti"]),
        issued=int(payload["iat"]),
        expires=int(payload["exp"]),
        identity_sig=str(payload["identity_sig"]),
        original_account_id=payload.get("original_account_id"),
        original_owner_id=payload.get("original_owner_id"),
        original_sig=payload.get("original_sig"),
    )


def token_for(
    account: Account,
    user: Login | None,
    method: str,
    *,
    key_hash: str = "",
    impersonator: Claims | None = None,
) -> tuple[str, Claims]:
    """A fresh token and what it says. `key_hash` is the API key's where it was made with one."""
    lifetime = settings.AUTH_TOKEN_LIFETIME
    claims = claims_for(account, user, method, lifetime, key_hash=key_hash, impersonator=impersonator)
    return sign_token(claims), claims


def claims_for(
    account: Account,
    user: Login | None,
    method: str,
    lifetime: int,
    *,
    key_hash: str = "",
    impersonator: Claims | None = None,
) -> Claims:
    """What a token or a session made now says; `lifetime` is in seconds."""
    issued = int(time.time())
    return Claims(
        account_id=account.id,
        owner_id=str(user.pk) if user else None,
        method=method,
        jti=new_id(),
        issued=issued,
        expires=issued + lifetime,
        identity_sig=identity_signature(account, user, key_hash),
        original_account_id=impersonator.account_id if impersonator else None,
        original_owner_id=impersonator.owner_id if impersonator else None,
        original_sig=impersonator.identity_sig if impersonator else None,
    )


def identity_signature(account: Account, user: Login | None, key_hash: str = "") -> str:
    """Proof of the salts at the time of signing; `key_hash` voids tokens of a rotated API key."""
    secret = f"{account.id}:{account.token_salt}:{user.pk if user else ''}:{user.token_salt if user else ''}:{key_hash}"
    return hmac.new(_key("identity").encode(), secret.encode(), hashlib.sha256).hexdigest()


def _key(purpose: str) -> str:
    """One key per purpose, so that a session cookie's signature is never a token's."""
    return hmac.new(settings.SECRET_KEY.encode(), f"identity.{purpose}".encode(), hashlib.sha256).hexdigest()
