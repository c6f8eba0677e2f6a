"""Forgotten passwords: a link by mail, which works once.

Asking says nothing about who exists: the answer is the same and is given before anybody is looked for; the worker
looks, and mails where there is somebody. A link leads only to a host of this installation, for whoever serves that
page learns the reset id.
"""

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.db import transaction
from django.http.request import validate_host
from django.urls import reverse

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import is_suspended
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.actions import record
from apps.foundation.events.outbox import enqueue
from apps.foundation.identity import queries, tokens
from apps.foundation.identity.actions import SignedIn, issue
from apps.foundation.identity.authentication import principal_for, refuse_disabled
from apps.foundation.identity.errors import NotAuthenticated, ResetAddressUnknown, ResetUnknown
from apps.foundation.identity.models import Login, Recovery
from apps.foundation.identity.throttle import Throttle
from apps.foundation.kit.clock import now
from apps.foundation.kit.secrets import fingerprint, random_key
from apps.foundation.tenants.models import Domain

#: How long a mailed link works.
LINK_LIFETIME = timedelta(hours=2)


def request_recovery(named: dict[str, str], username: str, ui_url: str, client_ip: str) -> None:
    """Have a reset link mailed, if there is somebody. `named` holds phone_number, realm or account_name.

    Raises TooManyAttempts, or ResetAddressUnknown where `ui_url` is no page of this installation.
    """
    from apps.foundation.identity.tasks import mail_reset_link

    check_address(ui_url)
    Throttle(f"recovery/{sorted(named.items())}", username.strip().lower(), client_ip).reserve()
    enqueue(mail_reset_link, named, username, ui_url)


def check_address(ui_url: str) -> None:
    """Raises ResetAddressUnknown unless it is empty or a page on a host that is ours or a white label's."""
    if not ui_url:
        return
    try:
        parts = urlsplit(ui_url)
        host, scheme = parts.hostname or "", parts.scheme
    except ValueError:
        raise ResetAddressUnknown(ui_url) from None
    if scheme not in ("http", "https") or not host or parts.username is not None or "\\" in ui_url:
        raise ResetAddressUnknown(ui_url)
    own = validate_host(host, settings.ALLOWED_HOSTS)
    if not own and not Domain.objects.filter(domain=host).exists():
        raise ResetAddressUnknown(ui_url)


def start_reset(named: dict[str, str], username: str, ui_url: str) -> list[tuple[Account, Login, str]]:
    """Whom to mail, and the link for each. Empty where nobody fits, has no address or is disabled."""
    accounts = queries.accounts_named(named.get("phone_number"), named.get("realm"), named.get("account_name"))
    found = []
    for account in accounts:
        user = queries.find_login_by_username(account, username)
        if user and user.email and user.is_active and not is_suspended(account):
            found.append((account, user, reset_link(ui_url, create_reset(account, user))))
    return found


def create_reset(account: Account, user: Login) -> str:
    """A reset id (64 hex digits) for one person; earlier ones stop working."""
    reset_id = random_key()
    with transaction.atomic():
        Recovery.objects.filter(user_id=str(user.pk), used=None).delete()
        Recovery.objects.create(
            reset_hash=fingerprint(reset_id),
            account_id=account.id,
            user_id=str(user.pk),
            expires=now() + LINK_LIFETIME,
        )
    return reset_id


def reset_link(ui_url: str, reset_id: str) -> str:
    """The portal's page, or the client's with `recovery=<reset id>` in its query, where Monster UI looks for it."""
    if not ui_url:
        return settings.PUBLIC_URL.rstrip("/") + reverse("portal:reset", args=[reset_id])
    parts = urlsplit(ui_url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), ("recovery", reset_id)])
    return parts._replace(query=query).geturl()


def is_reset_valid(reset_id: str) -> bool:
    """For the page that asks for the new password: whether the link still works."""
    return Recovery.objects.filter(reset_hash=fingerprint(reset_id), used=None, expires__gt=now()).exists()


@transaction.atomic
def redeem_reset(reset_id: str, request_id: str = "") -> SignedIn:
    """A token for a reset id, whose holder must choose a new password. Raises ResetUnknown."""
    account, user = _use(reset_id)
    user.require_password_update = True
    _save(account, user, ["require_password_update"], request_id)
    return issue(account, user, tokens.USER_AUTH, request_id)


@transaction.atomic
def reset_password(reset_id: str, password: str, request_id: str = "") -> tuple[Account, Login]:
    """Set the new password of whoever holds the reset id; earlier tokens and sessions stop. Raises ResetUnknown."""
    account, user = _use(reset_id)
    user.set_password(password)
    fields = ["password", "password_sha1", "md5_sieve", "sha1_sieve", "token_salt", "require_password_update"]
    _save(account, user, fields, request_id)
    return account, user


def _use(reset_id: str) -> tuple[Account, Login]:
    reset = (
        Recovery.objects.select_for_update()
        .filter(reset_hash=fingerprint(reset_id), used=None, expires__gt=now())
        .first()
    )
    account = queries.find_account(reset.account_id) if reset else None
    user = queries.find_login(account, reset.user_id) if account and reset else None
    if reset is None or account is None or user is None:
        raise ResetUnknown
    try:
        refuse_disabled(account, user)
    except NotAuthenticated:
        raise ResetUnknown from None
    reset.used = now()
    reset.save(update_fields=["used"])
    return account, user


def _save(account: Account, user: Login, fields: list[str], request_id: str) -> None:
    principal = principal_for(account, user, tokens.RECOVERY_AUTH, request_id=request_id)
    with account_scope(account):
        user.save(update_fields=fields)
        record(principal, "user.recovered", "user", str(user.pk), {}, {})
