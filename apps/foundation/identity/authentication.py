"""From a credential to a Principal. Checked with every request: whoever is disabled or deleted stops at once.

Costs: a token is two queries (account and revocation; person or API key), two more for an impersonated one.
"""

import hmac
from dataclasses import dataclass

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import is_suspended
from apps.foundation.identity import queries, tokens
from apps.foundation.identity.errors import AccountDisabled, InvalidCredentials, UserDisabled
from apps.foundation.identity.models import ApiKey, Login
from apps.foundation.identity.passwords import (
    DigestMethod,
    VerifiedDigests,
    digest_of,
    is_digest,
    pretend_to_verify,
)
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.identity.throttle import Throttle
from apps.foundation.identity.tokens import Claims
from apps.foundation.kit.ids import is_id
from apps.foundation.kit.secrets import fingerprint

_verified = VerifiedDigests()


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A caller with the rows that were read to know him. `user` is None for an API key."""

    principal: Principal
    account: Account
    user: Login | None
    claims: Claims


def role_of(account: Account, user: Login | None) -> Role:
    """What somebody may do: an API key is an administrator of its account."""
    if user is not None and not user.is_admin:
        return Role.USER
    if account.is_master:
        return Role.OPERATOR
    return Role.RESELLER_ADMIN if account.is_reseller else Role.ACCOUNT_ADMIN


def authenticate_token(token: str, request_id: str = "") -> Principal:
    """Raises InvalidCredentials, or AccountDisabled for a good token of an account that is disabled, as one below a
    disabled account is."""
    return authenticate(token, request_id).principal


def authenticate(token: str, request_id: str = "") -> Authenticated:
    """As `authenticate_token`, with the account, the person and the token's claims."""
    return identify(tokens.read_token(token), request_id)


def identify(claims: Claims, request_id: str = "") -> Authenticated:
    """Who claims belong to now: they, from a token or a session, are still good. Raises as `authenticate_token`."""
    found = queries.account_for_token(claims.account_id, claims.jti)
    if found is None or found[1]:
        raise InvalidCredentials
    account = found[0]
    user = _check_identity(account, claims.owner_id, claims.method, claims.identity_sig)
    if claims.original_account_id:
        _check_impersonator(claims)
    if is_suspended(account):
        raise AccountDisabled(account)
    principal = principal_for(account, user, claims.method, claims=claims, request_id=request_id)
    return Authenticated(principal, account, user, claims)


def principal_for(
    account: Account, user: Login | None, method: str, *, claims: Claims | None = None, request_id: str = ""
) -> Principal:
    return Principal(
        account_id=account.id,
        user_id=str(user.pk) if user else None,
        role=role_of(account, user),
        method=method,
        token_id=claims.jti if claims else "",
        request_id=request_id,
        impersonator_account_id=claims.original_account_id if claims else None,
        impersonator_user_id=claims.original_owner_id if claims else None,
    )


def authenticate_api_key(key: str, request_id: str = "") -> Authenticated:
    """The account of an API key, with claims a token can be made of. Raises InvalidCredentials, AccountDisabled."""
    found = ApiKey.objects.filter(key_hash=fingerprint(key)).first()
    account = queries.find_account(found.account_id) if found else None
    if found is None or account is None:
        raise InvalidCredentials
    if is_suspended(account):
        raise AccountDisabled(account)
    _token, claims = tokens.token_for(account, None, tokens.API_AUTH, key_hash=found.key_hash)
    principal = principal_for(account, None, tokens.API_AUTH, claims=claims, request_id=request_id)
    return Authenticated(principal, account, None, claims)


def authenticate_basic(account_id: str, credentials: str, *, client_ip: str = "", request_id: str = "") -> Principal:
    """HTTP Basic with the account's id as its user and, as its password, a digest or `username:password`.

    Raises InvalidCredentials, AccountDisabled, UserDisabled, TooManyAttempts.
    """
    username, separator, plain = credentials.partition(":")
    digest = digest_of(username, plain, "md5") if separator else credentials.lower()
    method: DigestMethod = "sha" if len(digest) == 40 else "md5"
    account = queries.find_account(account_id) if is_id(account_id) else None
    candidates = queries.logins_by_digest(account, digest, method) if account and is_digest(digest) else []
    user = next((user for user in candidates if _verified.knows(user.stored_hash(method), digest)), None)
    if user is None:
        throttle = Throttle(account_id, username if separator else "", client_ip)
        throttle.reserve()
        user = first_verified(candidates, digest, method)
        if user is None:
            raise InvalidCredentials
        throttle.succeeded()
        _verified.remember(user.stored_hash(method), digest)
    assert account is not None
    refuse_disabled(account, user)
    return principal_for(account, user, tokens.BASIC_AUTH, request_id=request_id)


def first_verified(candidates: list[Login], digest: str, method: DigestMethod) -> Login | None:
    """Whose digest it is. Takes as long where nobody is a candidate."""
    if not candidates:
        pretend_to_verify(digest)
    return next((user for user in candidates if user.check_credentials(digest, method)), None)


def refuse_disabled(account: Account, user: Login) -> None:
    """Raises AccountDisabled or UserDisabled for somebody whose credentials were right."""
    if is_suspended(account):
        raise AccountDisabled(account)
    if not user.is_active:
        raise UserDisabled


def _check_identity(account: Account, owner_id: str | None, method: str, signature: str) -> Login | None:
    """The person behind a signature, None for an API key. Raises InvalidCredentials where it no longer holds."""
    user, key_hash = None, ""
    if owner_id:
        user = queries.find_login(account, owner_id)
        if user is None or not user.is_active:
            raise InvalidCredentials
    elif method == tokens.API_AUTH:
        key = ApiKey.objects.filter(account_id=account.id).first()
        key_hash = key.key_hash if key else ""
    expected = tokens.identity_signature(account, user, key_hash)
    if (not user and not key_hash) or not hmac.compare_digest(expected, signature):
        raise InvalidCredentials
    return user


def _check_impersonator(claims: Claims) -> None:
    """Whoever impersonates must still be there, enabled, and have the password he had."""
    account = queries.find_account(claims.original_account_id or "")
    if account is None or is_suspended(account):
        raise InvalidCredentials
    method = tokens.USER_AUTH if claims.original_owner_id else tokens.API_AUTH
    _check_identity(account, claims.original_owner_id, method, claims.original_sig or "")
