"""Finding accounts and the people who sign in. People live in the reseller's schema, so each look-up enters a scope."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.db.models import Exists

from apps.foundation.accounts.models import NAME_KEY, Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.models import SYSTEM_RESTRICTIONS, Login, RevokedToken, TokenRestriction
from apps.foundation.identity.passwords import DigestMethod, sieves_of

_number_directories: list[Callable[[str], str | None]] = []


def login_model() -> type[Login]:
    return cast("type[Login]", get_user_model())


def _logins() -> Any:
    return login_model()._default_manager


def find_login(account: Account, user_id: str) -> Login | None:
    """The present person of an account, disabled ones too."""
    with account_scope(account):
        found: Login | None = _logins().filter(pk=user_id).first()
        return found


def find_login_by_username(account: Account, username: str) -> Login | None:
    with account_scope(account):
        found: Login | None = _logins().filter(username=username.strip().lower()).first()
        return found


def logins_by_digest(account: Account, digest: str, method: DigestMethod) -> list[Login]:
    """The few people of an account whose digest this may be; each must still be verified."""
    column = "md5_sieve" if method == "md5" else "sha1_sieve"
    with account_scope(account):
        return list(_logins().filter(**{f"{column}__in": sieves_of(digest)}).exclude(password=""))


def account_for_token(account_id: str, jti: str) -> tuple[Account, bool] | None:
    """The present account and whether that token was given back, in one query.

    The account says in `token_restricted` whether token restrictions need to be looked at.
    """
    revoked = Exists(RevokedToken.objects.filter(jti=jti))
    restricted = Exists(TokenRestriction.objects.filter(pk__in=[account_id, SYSTEM_RESTRICTIONS]))
    present = Account.objects.present().select_related("tenant").with_disabled_above()
    account = present.annotate(token_revoked=revoked, token_restricted=restricted).filter(id=account_id).first()
    return None if account is None else (account, bool(getattr(account, "token_revoked", True)))


def find_account(account_id: str) -> Account | None:
    return Account.objects.present().select_related("tenant").filter(id=account_id).first()


def register_number_directory(owner_of: Callable[[str], str | None]) -> None:
    """Let people name their account by a phone number; `owner_of(number)` answers an account id or None."""
    if owner_of not in _number_directories:
        _number_directories.append(owner_of)


def accounts_named(phone_number: str | None, realm: str | None, account_name: str | None) -> list[Account]:
    """The accounts a login may mean, by the first of phone number, realm and name that is given."""
    present = Account.objects.present().select_related("tenant")
    if phone_number:
        owners = [owner for owner_of in _number_directories if (owner := owner_of(phone_number))]
        return list(present.filter(id__in=owners))
    if realm:
        return list(present.filter(realm=realm.strip().lower()))
    key = normalised_name(account_name or "")
    if not key:
        return []
    return list(present.annotate(name_key=NAME_KEY).filter(name_key=key).order_by("created", "id")[:20])


def normalised_name(name: str) -> str:
    """Lower case, letters and digits only: "ACME Inc." and "acmeinc" are one name."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFC", name).lower())
