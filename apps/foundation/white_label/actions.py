"""Writing white labels."""

from functools import partial
from typing import Any, Literal

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.actions import record
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.foundation.tenants.models import Domain
from apps.foundation.white_label.documents import WhiteLabelDocument
from apps.foundation.white_label.errors import WhiteLabelError, domain_taken
from apps.foundation.white_label.hosts import forget_domains
from apps.foundation.white_label.images import image_suffix
from apps.foundation.white_label.models import WhiteLabel

Image = Literal["logo", "icon"]
#: Bytes of the text shown where people sign in.
LONGEST_WELCOME = 64 * 1024


@transaction.atomic
def replace_white_label(account: Account, document: dict[str, Any], principal: Principal) -> WhiteLabel:
    """Create or replace the account's white label; its images stay.

    Raises pydantic's ValidationError, and WhiteLabelError where another account has the domain.
    """
    white_label, is_new = _of(account)
    before = {} if is_new else white_label.to_document()
    white_label.apply_document(WhiteLabelDocument.model_validate(document).as_document())
    if white_label.domain:
        white_label.domain = white_label.domain.lower()
        if WhiteLabel.objects.filter(domain=white_label.domain).exclude(account_id=account.id).exists():
            raise domain_taken(white_label.domain)
    if before.get("domain") != white_label.domain:
        _point_domain(before.get("domain"), white_label.domain, account)
    _save(white_label, is_new)
    _announce("doc_created" if is_new else "doc_edited", account, principal, before, white_label.to_document())
    return white_label


@transaction.atomic
def delete_white_label(account: Account, principal: Principal) -> None:
    """Back to the brand of the account above. Does nothing where there is none."""
    white_label, is_new = _of(account)
    if is_new:
        return
    _point_domain(white_label.domain, None, account)
    before = white_label.to_document()
    images = [name for name in (white_label.logo, white_label.icon, _welcome_of(account.id)) if name]
    white_label.delete()
    _announce("doc_deleted", account, principal, before, {})
    for name in images:
        transaction.on_commit(partial(default_storage.delete, name))


@transaction.atomic
def store_image(account: Account, image: Image, content: bytes, principal: Principal) -> WhiteLabel:
    """Keep a logo or an icon of at most 1 MB. Raises WhiteLabelError for what is no image."""
    suffix = image_suffix(image, content)
    white_label, is_new = _of(account)
    left = getattr(white_label, image)
    # A new name each time, so that browsers may keep an image for long and nobody sees half of one.
    path = f"accounts/{account.id}/white_label/{image}-{new_id()[:8]}.{suffix}"
    setattr(white_label, image, default_storage.save(path, ContentFile(content)))
    _save(white_label, is_new)
    _announce("doc_edited", account, principal, {image: left}, {image: getattr(white_label, image)})
    if left:
        transaction.on_commit(lambda: default_storage.delete(left))
    return white_label


@transaction.atomic
def store_welcome(account: Account, text: bytes, principal: Principal) -> WhiteLabel:
    """Keep the text shown where people sign in. Raises WhiteLabelError for what is no text, or too long."""
    try:
        text.decode()
    except UnicodeDecodeError:
        raise WhiteLabelError("welcome", "format", _("Not a text in UTF-8")) from None
    if len(text) > LONGEST_WELCOME:
        raise WhiteLabelError("welcome", "maxSize", _("The text is too long"))
    white_label, is_new = _of(account)
    name = _welcome_of(account.id)
    default_storage.delete(name)
    default_storage.save(name, ContentFile(text))
    _save(white_label, is_new)
    _announce("doc_edited", account, principal, {}, {"welcome": f"{len(text)} bytes"})
    return white_label


def read_welcome(white_label: WhiteLabel) -> bytes | None:
    """The text shown where people sign in, None for none."""
    name = _welcome_of(white_label.account_id)
    if not default_storage.exists(name):
        return None
    with default_storage.open(name) as stored:
        found: bytes = stored.read()
    return found


def _welcome_of(account_id: str) -> str:
    return f"accounts/{account_id}/white_label/welcome.html"


def follow_account(account: Account) -> None:
    """An account moved to another schema: the domains of its subtree lead there now."""
    moved = Account.objects.subtree(account.id).select_related("tenant")
    tenants = {each.id: each.tenant for each in moved}
    for white_label in WhiteLabel.objects.filter(account_id__in=tenants, domain__isnull=False):
        Domain.objects.update_or_create(
            domain=white_label.domain, defaults={"tenant": tenants[white_label.account_id], "is_primary": False}
        )


def release_domain(account: Account) -> None:
    """An account is removed for good; so is its host name."""
    domains = WhiteLabel.objects.filter(account_id=account.id, domain__isnull=False).values("domain")
    Domain.objects.filter(domain__in=domains).delete()
    transaction.on_commit(forget_domains)


def _of(account: Account) -> tuple[WhiteLabel, bool]:
    found = WhiteLabel.objects.select_for_update().filter(account_id=account.id).first()
    return (found, False) if found else (WhiteLabel(account_id=account.id, revision=0), True)


def _save(white_label: WhiteLabel, is_new: bool) -> None:
    white_label.revision += 1
    white_label.modified = now()
    white_label.save(force_insert=is_new, force_update=not is_new)


def _point_domain(left: str | None, taken: str | None, account: Account) -> None:
    if left:
        Domain.objects.filter(domain=left).delete()
    if taken:
        Domain.objects.create(domain=taken, tenant=account.tenant, is_primary=False)
    transaction.on_commit(forget_domains)


def _announce(
    action: str, account: Account, principal: Principal, before: dict[str, Any], after: dict[str, Any]
) -> None:
    with account_scope(account):
        record(principal, f"whitelabel.{action.removeprefix('doc_')}", "whitelabel", account.id, before, after)
    publish(DocumentChanged(account.id, action, "whitelabel", account.id))
