"""Signing in and out, impersonating, voiding what was handed out, and restricting what it may do."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import is_suspended
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.actions import record
from apps.foundation.identity import queries, tokens
from apps.foundation.identity.authentication import (
    Authenticated,
    authenticate_api_key,
    first_verified,
    principal_for,
    refuse_disabled,
)
from apps.foundation.identity.errors import AccountDisabled, InvalidCredentials, NotAllowed, UserDisabled
from apps.foundation.identity.models import (
    SYSTEM_RESTRICTIONS,
    ApiKey,
    Login,
    LoginAttempt,
    RevokedToken,
    TokenRestriction,
)
from apps.foundation.identity.passwords import DigestMethod, digest_of, is_digest, pretend_to_verify
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.identity.throttle import Throttle
from apps.foundation.identity.tokens import Claims
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a client shows to sign in. `named` is how it named the account; `username` is empty behind a digest."""

    digest: str
    method: DigestMethod
    named: str
    username: str = ""
    client_ip: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str
    authenticated: Authenticated


def check_sign_in(accounts: list[Account], attempt: Attempt) -> tuple[Account, Login]:
    """Who signs in, tried in each of the accounts the client may mean; noted as an attempt either way.

    Raises TooManyAttempts, InvalidCredentials, AccountDisabled, UserDisabled.
    """
    throttle = Throttle(accounts[0].id if accounts else attempt.named, attempt.username, attempt.client_ip)
    throttle.reserve()
    found = _whose(accounts, attempt)
    if found is None:
        _note(accounts[0] if accounts else None, None, attempt, "invalid_credentials")
        raise InvalidCredentials
    account, user = found
    throttle.succeeded()
    try:
        refuse_disabled(account, user)
    except (AccountDisabled, UserDisabled):
        _note(account, user, attempt, "disabled")
        raise
    _note(account, user, attempt, "")
    return account, user


def check_password(named: str, username: str, password: str, client_ip: str, request_id: str) -> tuple[Account, Login]:
    """For a login form: `named` is an account's realm or its name. Raises as `check_sign_in`."""
    accounts = queries.accounts_named(None, named, None) or queries.accounts_named(None, None, named)
    digest = digest_of(username.strip(), password, "md5")
    return check_sign_in(accounts, Attempt(digest, "md5", named, username.strip(), client_ip, request_id))


def sign_in(accounts: list[Account], attempt: Attempt) -> SignedIn:
    """A token for a person's credentials. Raises as `check_sign_in`."""
    account, user = check_sign_in(accounts, attempt)
    return issue(account, user, tokens.USER_AUTH, attempt.request_id)


def sign_in_with_key(key: str, request_id: str) -> SignedIn:
    """A token for an API key; its 256 bits need no throttle. Raises InvalidCredentials, AccountDisabled."""
    authenticated = authenticate_api_key(key, request_id)
    with account_scope(authenticated.account):
        _record_sign_in(authenticated.principal, authenticated.account.id)
    return SignedIn(tokens.sign_token(authenticated.claims), authenticated)


def issue(account: Account, user: Login, method: str, request_id: str) -> SignedIn:
    """Hand out a token to somebody who has proved himself; audited."""
    token, claims = tokens.token_for(account, user, method)
    return SignedIn(token, welcome(account, user, claims, request_id))


def welcome(account: Account, user: Login, claims: Claims, request_id: str) -> Authenticated:
    """Note that somebody signed in, to the API or to the web."""
    principal = principal_for(account, user, claims.method, claims=claims, request_id=request_id)
    with account_scope(account), transaction.atomic():
        type(user)._default_manager.filter(pk=user.pk).update(last_login=now())
        _record_sign_in(principal, str(user.pk))
    return Authenticated(principal, account, user, claims)


def sign_out(claims: Claims) -> None:
    """Give a token back before its time. A second time changes nothing."""
    expires = datetime.fromtimestamp(claims.expires, UTC)
    RevokedToken.objects.get_or_create(jti=claims.jti, defaults={"expires": expires})


def may_impersonate(principal: Principal, account: Account) -> bool:
    """Operators everywhere, a reseller's administrators below their own account; never from an impersonation."""
    if principal.impersonator_account_id is not None:
        return False
    if principal.role is Role.OPERATOR:
        return True
    return principal.role is Role.RESELLER_ADMIN and principal.account_id in account.ancestors


def impersonate(principal: Principal, account: Account, user: Login) -> SignedIn:
    """A token to act as somebody else. It names the impersonator, is audited, and is void when he is.

    Raises NotAllowed, AccountDisabled, UserDisabled.
    """
    original = impersonator_claims(principal, account, user)
    token, claims = tokens.token_for(account, user, tokens.USER_AUTH, impersonator=original)
    acting = principal_for(account, user, tokens.USER_AUTH, claims=claims, request_id=principal.request_id)
    with account_scope(account):
        record(principal, "user.impersonated", "user", str(user.pk), {}, {"token_id": claims.jti})
    return SignedIn(token, Authenticated(acting, account, user, claims))


def impersonator_claims(principal: Principal, account: Account, user: Login) -> Claims:
    """The impersonator's side of an impersonation that is allowed. Raises as `impersonate`."""
    if not may_impersonate(principal, account):
        raise NotAllowed
    refuse_disabled(account, user)
    return _claims_of(principal)


@transaction.atomic
def void_user_tokens(account: Account, user: Login, principal: Principal) -> None:
    """Every token and session of a person stops with its next request."""
    with account_scope(account):
        user.void_tokens()
        user.save(update_fields=["token_salt"])
        record(principal, "user.tokens_voided", "user", str(user.pk), {}, {})


@transaction.atomic
def void_account_tokens(account: Account, principal: Principal) -> None:
    """Every token and session of an account's people and of its API key stops with its next request."""
    renew_account_salt(account)
    with account_scope(account):
        record(principal, "account.tokens_voided", "account", account.id, {}, {})


def renew_account_salt(account: Account) -> None:
    """A suspended account's tokens stay void when it is resumed."""
    account.token_salt = new_id()
    Account.objects.filter(id=account.id).update(token_salt=account.token_salt)


@transaction.atomic
def restrict_tokens(account: Account, document: dict[str, Any], principal: Principal, *, system: bool = False) -> None:
    """Take over a validated document; it holds from the next request on.

    With `system` it is for every account without restrictions of its own, and is noted in `account`'s audit trail.
    """
    key = SYSTEM_RESTRICTIONS if system else account.id
    before = TokenRestriction.objects.filter(pk=key).first()
    values = {"document_text": json.dumps(document), "modified": now()}
    TokenRestriction.objects.update_or_create(pk=key, defaults=values)
    with account_scope(account):
        record(principal, "token_restrictions.edited", "account", key, before.document if before else {}, document)


@transaction.atomic
def lift_restrictions(account: Account, principal: Principal, *, system: bool = False) -> dict[str, Any]:
    """Restrict nothing any more. Returns what was in force, {} where nothing was."""
    key = SYSTEM_RESTRICTIONS if system else account.id
    found = TokenRestriction.objects.filter(pk=key).first()
    if found is None:
        return {}
    before = found.document
    found.delete()
    with account_scope(account):
        record(principal, "token_restrictions.deleted", "account", key, before, {})
    return before


def _whose(accounts: list[Account], attempt: Attempt) -> tuple[Account, Login] | None:
    tried, disabled = False, None
    for account in accounts if is_digest(attempt.digest) else ():
        candidates = queries.logins_by_digest(account, attempt.digest, attempt.method)
        tried = tried or bool(candidates)
        user = first_verified(candidates, attempt.digest, attempt.method) if candidates else None
        if user and user.is_active and not is_suspended(account):
            return account, user
        disabled = disabled or ((account, user) if user else None)
    if not tried:
        pretend_to_verify(attempt.digest)
    return disabled


def _claims_of(principal: Principal) -> Claims:
    """The impersonator's claims, signed anew with what his account, person or key is now."""
    account = queries.find_account(principal.account_id)
    user = queries.find_login(account, principal.user_id) if account and principal.user_id else None
    key = ApiKey.objects.filter(account_id=principal.account_id).first() if principal.user_id is None else None
    if account is None or (user is None and key is None):
        raise NotAllowed
    return tokens.token_for(account, user, principal.method, key_hash=key.key_hash if key else "")[1]


def _record_sign_in(principal: Principal, target_id: str) -> None:
    kind = "user" if principal.user_id else "account"
    record(principal, f"{kind}.signed_in", kind, target_id, {}, {"method": principal.method})


def _note(account: Account | None, user: Login | None, attempt: Attempt, message: str) -> None:
    """Attempts on accounts that do not exist belong to nobody, so there is nobody to show them to."""
    if account is None:
        return
    values: dict[str, Any] = {
        "account_id": account.id,
        "user_id": str(user.pk) if user else "",
        "username": ((user.username if user else attempt.username) or "")[:254],
        "method": tokens.USER_AUTH,
        "client_ip": attempt.client_ip[:45],
        "succeeded": not message,
        "message": message,
        "request_id": attempt.request_id[:64],
    }
    LoginAttempt.objects.create(**values)
