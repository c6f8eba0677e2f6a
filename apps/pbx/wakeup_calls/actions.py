"""Setting, changing and cancelling wake-up calls. What happens when their time comes is in `calling`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal, system_principal
from apps.foundation.kit.clock import now
from apps.pbx.devices.models import Device
from apps.pbx.users.models import User
from apps.pbx.wakeup_calls import progress
from apps.pbx.wakeup_calls.documents import WakeupCallDocument
from apps.pbx.wakeup_calls.models import WakeupCall
from apps.pbx.wakeup_calls.queries import calls_of

#: What a change of which plans the call anew; anything else leaves a call that is put off or ringing as it is.
_PLANNED_BY = ("time", "date", "days", "timezone", "enabled", "device_id", "owner_id")
#: A phone that has more of its own is being played with.
MOST_BY_PHONE = 20
#: How long a call that is over stays in the list, and how many are taken out of a schema each night.
KEPT, MOST_FORGOTTEN = timedelta(days=31), 20_000


@transaction.atomic
def create_wakeup_call(document: dict[str, Any], principal: Principal) -> WakeupCall:
    """Raises ValidationFailed: nobody to call, a device or user the account does not have, a date that is over."""
    call = create_document(WakeupCall, _checked(document), principal)
    return _planned(call)


@transaction.atomic
def replace_wakeup_call(call: WakeupCall, document: dict[str, Any], principal: Principal) -> WakeupCall:
    """Raises as `create_wakeup_call`."""
    document = _checked(document, call)
    before = [call.to_document().get(name) for name in _PLANNED_BY]
    replace_document(call, document, principal)
    return call if [call.to_document().get(name) for name in _PLANNED_BY] == before else _planned(call)


@transaction.atomic
def delete_wakeup_call(call: WakeupCall, principal: Principal, *, hard: bool = False) -> WakeupCall:
    call.due, call.act_at, call.is_ringing, call.attempt_id = None, None, False, ""
    return delete_document(call, principal, hard=hard)


@transaction.atomic
def set_by_phone(document: dict[str, Any], principal: Principal) -> WakeupCall | None:
    """What somebody dialled; the same call that is set already is not set twice. None where the phone has too many."""
    mine = list(calls_of(document["device_id"], "").select_for_update())
    wanted = validated(WakeupCallDocument, document)
    for call in mine:
        if all(call.document.get(name) == wanted.get(name) for name in ("time", "date", "days")):
            return call
    return create_wakeup_call(document, principal) if len(mine) < MOST_BY_PHONE else None


@transaction.atomic
def cancel_all(device_id: str, owner_id: str, principal: Principal) -> int:
    """Cancel whatever would ring this phone; how many calls that were."""
    mine = list(calls_of(device_id, owner_id).select_for_update())
    for call in mine:
        delete_wakeup_call(call, principal)
    return len(mine)


@transaction.atomic
def cancel_one(device_id: str, owner_id: str, identifier: str, principal: Principal) -> bool:
    """Cancel one of them; False where it is gone."""
    call = calls_of(device_id, owner_id).select_for_update().filter(id=identifier).first()
    if call is not None:
        delete_wakeup_call(call, principal)
    return call is not None


def long_over() -> list[tuple[str, str]]:
    """`(account id, id)` of calls of the scope's schema that were made once, so long ago that nobody asks any more."""
    over = WakeupCall.across_accounts.filter(deleted=None, enabled=False, act_at=None, last_call__lt=now() - KEPT)
    return list(over.filter(document__days=[]).order_by("last_call").values_list("account_id", "id")[:MOST_FORGOTTEN])


@transaction.atomic
def forget(identifier: str) -> bool:
    """Delete one that is over; False where it was set again meanwhile."""
    call = WakeupCall.objects.select_for_update().filter(id=identifier, enabled=False, act_at=None).first()
    if call is not None:
        delete_wakeup_call(call, system_principal(call.account_id))
    return call is not None


def _planned(call: WakeupCall) -> WakeupCall:
    progress.plan(call, now())
    if call.enabled and call.due is None:
        raise ValidationFailed.of("date", "past", _("This day and time are over"), value=call.document.get("date"))
    call.save(update_fields=WakeupCall.STATE)
    return call


def _checked(document: dict[str, Any], before: WakeupCall | None = None) -> dict[str, Any]:
    """A device or user that is gone since the call was set may stay in it; others must exist."""
    document = validated(WakeupCallDocument, document)
    device_id, owner_id = document.get("device_id"), document.get("owner_id")
    if not device_id and not owner_id:
        raise ValidationFailed.of("device_id", "required", _("Name the device or the user that is to be called"))
    if document.get("date") and document.get("days"):
        raise ValidationFailed.of("date", "conflict", _("Either a date or days of the week, not both"))
    _check_exists(Device, "device_id", device_id, before)
    _check_exists(User, "owner_id", owner_id, before)
    return document


def _check_exists(model: Any, field: str, identifier: str | None, before: WakeupCall | None) -> None:
    if not identifier or (before is not None and getattr(before, field) == identifier):
        return
    if not model.objects.filter(id=identifier).exists():
        raise ValidationFailed.of(field, "not_found", _("The account has no such device or user"), cause=identifier)
