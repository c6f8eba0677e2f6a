"""API keys: one per account, the right of an administrator of that account."""

from django.db import transaction

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.actions import record
from apps.foundation.identity.models import ApiKey
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.secrets import decrypt, encrypt, fingerprint, random_key


def read_api_key(account: Account) -> str | None:
    """64 hex digits, or None where the account never had a key. Raises SecretUnreadable after a lost encryption key."""
    found = ApiKey.objects.filter(account_id=account.id).first()
    return decrypt(found.key_encrypted) if found else None


def ensure_api_key(account: Account) -> str:
    """The account's key, made first where there is none."""
    key = random_key()
    defaults = {"key_hash": fingerprint(key), "key_encrypted": encrypt(key)}
    found, _created = ApiKey.objects.get_or_create(account_id=account.id, defaults=defaults)
    return decrypt(found.key_encrypted)


@transaction.atomic
def rotate_api_key(account: Account, principal: Principal) -> str:
    """A new key; the old one and every token made with it stop at once."""
    key = random_key()
    values = {"key_hash": fingerprint(key), "key_encrypted": encrypt(key), "modified": now()}
    ApiKey.objects.update_or_create(account_id=account.id, defaults=values)
    with account_scope(account):
        record(principal, "api_key.rotated", "account", account.id, {}, {})
    return key
