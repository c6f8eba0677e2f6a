"""SIP realms: the domain an account's phones register with, unique in the cluster."""

import re
import secrets

from django.conf import settings
from django.utils.translation import gettext as _

from apps.foundation.accounts.errors import InvalidAccount
from apps.foundation.accounts.models import Account

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def generated_realm() -> str:
    """`<6 hex>.sip.<suffix>`, not yet taken."""
    while True:
        realm = f"{secrets.token_hex(3)}.sip.{settings.REALM_SUFFIX}"
        if not Account.objects.filter(realm=realm).exists():
            return realm


def checked_realm(text: str, account_id: str | None = None) -> str:
    """The realm in lower case. Raises InvalidAccount where it is no domain name (RFC 1123) or is taken."""
    realm = text.strip().lower()
    if not 4 <= len(realm) <= 253 or not all(_LABEL.fullmatch(label) for label in realm.split(".")):
        message = _("The realm must be a domain name of 4 to 253 characters, such as acme.sip.example.com")
        raise InvalidAccount({"realm": {"pattern": {"message": message, "value": text}}})
    if Account.objects.filter(realm=realm).exclude(id=account_id or "").exists():
        raise InvalidAccount({"realm": {"unique": {"message": _("Realm is not unique"), "cause": realm}}})
    return realm
