"""Every write of a mailbox, also those by phone."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.scope import hold_account
from apps.foundation.audit.actions import record
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal, system_principal
from apps.foundation.kit.clock import now
from apps.foundation.storage.models import FileKind
from apps.pbx.media.actions import create_media
from apps.pbx.media.models import Media
from apps.pbx.users.models import User
from apps.pbx.voicemail.documents import BoxDocument
from apps.pbx.voicemail.message_actions import announce, remove_messages
from apps.pbx.voicemail.models import Box
from apps.switching.calls.files import keep_recorded

Greeting = Literal["unavailable", "busy", "name", "temporary_unavailable"]
#: Wrong PINs in a row, over all calls, that lock a box, and for how long.
MOST_FAILED_PINS = 9
LOCKED_FOR = timedelta(minutes=15)


class BoxGone(LookupError):
    """The mailbox was deleted while somebody was in it."""


@transaction.atomic
def create_box(document: dict[str, Any], principal: Principal) -> Box:
    """Raises ValidationFailed: a number another mailbox has, an owner the account does not have."""
    document = _checked(document)
    try:
        with transaction.atomic():
            box = create_document(Box, document, principal)
    except IntegrityError:
        raise _taken(document["mailbox"]) from None
    announce(box)
    return box


@transaction.atomic
def replace_box(box: Box, document: dict[str, Any], principal: Principal) -> Box:
    """Without `pin` in the document it has none afterwards. Raises as `create_box`."""
    document = _checked(document, box)
    before = box.pin
    try:
        with transaction.atomic():
            replace_document(box, document, principal)
    except IntegrityError:
        raise _taken(document["mailbox"]) from None
    if box.pin != before:
        _unlock(box)
        record(principal, "vmbox.pin_changed", box.document_type, box.pk, {}, {})
    announce(box)
    return box


@transaction.atomic
def delete_box(box: Box, principal: Principal, *, hard: bool = False) -> Box:
    """Its messages go with it where it is removed for good, and come back with it else."""
    if hard:
        remove_messages(box)
    deleted = delete_document(box, principal, hard=hard)
    announce(box, gone=True)
    return deleted


@transaction.atomic
def check_pin(box_id: str, pin: str) -> bool:
    """Whether this opens the box. Too many wrong ones in a row lock it for a while, and then nothing does.

    Raises SecretUnreadable.
    """
    hold_account()
    box = Box.objects.select_for_update().filter(id=box_id).first()
    if box is None or not box.pin_encrypted or box.is_locked:
        return False
    if hmac.compare_digest(box.pin.encode(), pin.encode()):
        if box.failed_pins or box.locked_until:
            _unlock(box)
        return True
    box.failed_pins += 1
    if box.failed_pins >= MOST_FAILED_PINS:
        box.failed_pins, box.locked_until = 0, now() + LOCKED_FOR
        after = {"locked_until": box.locked_until.isoformat(), "wrong_pins": MOST_FAILED_PINS}
        record(system_principal(box.account_id), "vmbox.locked", box.document_type, box.pk, {}, after)
    box.save(update_fields=["failed_pins", "locked_until"])
    return False


def change_settings(box_id: str, principal: Principal, **changes: Any) -> Box:
    """Set some fields of the document; None removes one. Raises BoxGone, ValidationFailed."""
    with transaction.atomic():
        box = _held(box_id)
        document = {key: value for key, value in (box.to_public() | changes).items() if value is not None}
        return replace_box(box, document, principal)


@transaction.atomic
def keep_greeting(
    box_id: str, which: Greeting, path: str, *, switch: str, milliseconds: int, principal: Principal
) -> Media:
    """Make what was recorded on a switch (`path` is absolute there) a medium, and it a greeting of the box.

    Raises BoxGone.
    """
    box = _held(box_id)
    name = _("%(greeting)s of mailbox %(number)s") % {"greeting": which, "number": box.mailbox}
    source = {"media_source": "recording", "source_type": "vmbox", "source_id": box.id}
    media = create_media({"name": name[:128], **source}, principal)
    file = keep_recorded(FileKind.GREETING, path, switch=switch, name=media.name)
    media.original_id = media.narrow_id = media.wide_id = file.id
    media.content_type, media.milliseconds = file.content_type, milliseconds
    media.save(update_fields=["original_id", "narrow_id", "wide_id", "content_type", "milliseconds"])
    _set_greeting(box, which, media.id, principal)
    return media


@transaction.atomic
def drop_greeting(box_id: str, which: Greeting, principal: Principal) -> None:
    """The box goes without this greeting; the medium stays. Raises BoxGone."""
    _set_greeting(_held(box_id), which, "", principal)


def _set_greeting(box: Box, which: Greeting, media_id: str, principal: Principal) -> None:
    document = box.to_public()
    media = {key: value for key, value in (document.get("media") or {}).items() if key != which}
    replace_box(box, document | {"media": media | ({which: media_id} if media_id else {})}, principal)


def _held(box_id: str) -> Box:
    box: Box | None = Box.objects.select_for_update().filter(id=box_id).first()
    if box is None:
        raise BoxGone(box_id)
    return box


def _unlock(box: Box) -> None:
    box.failed_pins, box.locked_until = 0, None
    box.save(update_fields=["failed_pins", "locked_until"])


def _checked(document: dict[str, Any], box: Box | None = None) -> dict[str, Any]:
    document = validated(BoxDocument, document)
    if Box.objects.filter(mailbox=document["mailbox"]).exclude(id=box.id if box else "").exists():
        raise _taken(document["mailbox"])
    owner = document.get("owner_id")
    if owner and (box is None or owner != box.owner_id) and not User.objects.filter(id=owner).exists():
        raise ValidationFailed.of("owner_id", "not_found", _("The account has no such user"), cause=owner)
    return document


def _taken(mailbox: str) -> ValidationFailed:
    return ValidationFailed.of("mailbox", "unique", _("Another mailbox has this number"), cause=mailbox)
