"""Taking and giving back slots, in the account's scope. Each is one transaction; the lamp and the event go with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

from django.db import IntegrityError, transaction

from apps.foundation.accounts.scope import current_account_id, hold_account
from apps.foundation.events.publishing import publish
from apps.foundation.kit.clock import now
from apps.pbx.callflows.ending import EndedCall, at_call_end
from apps.pbx.parking.documents import ParkData, PresenceType
from apps.pbx.parking.events import ParkingChanged, ParkingEvent
from apps.pbx.parking.models import ParkedCall
from apps.pbx.parking.queries import FIRST_SLOT, present
from apps.switching.presence.actions import set_lamp

DUTY = "leave_parking_slot"
#: More slots than anybody can watch.
MOST_SLOTS = 500
Outcome = Literal["parked", "occupied", "full", "exceeded"]


@dataclass(frozen=True, slots=True)
class Parking:
    """The call that is to be parked. `was_sent`: somebody sent it here, from the device `parker_id` where that is
    known; else the caller dialled himself."""

    call_id: str
    switch: str
    caller_id_name: str
    caller_id_number: str
    authorizing_id: str
    dialled: str
    was_sent: bool = False
    parker_id: str = ""


@dataclass(frozen=True, slots=True)
class Parked:
    """`slot` and `parker_id` where it is parked. `occupant` is who waits there already, `asks` as in `ParkedCall`."""

    outcome: Outcome
    slot: str = ""
    parker_id: str = ""
    asks: bool = False
    occupant: str = ""


@transaction.atomic
def park(parking: Parking, data: ParkData, slot: str) -> Parked:
    """Take `slot`, or the next free one where it is empty. A call that was parked before keeps its slot.

    A phone that dialled the slot itself only asks for it: whoever it transfers there next takes its place.
    """
    hold_account()
    parker = parking.parker_id
    asks = not parker and not parking.was_sent and bool(parking.authorizing_id)
    parker = parking.authorizing_id if asks else parker
    taken = {row.slot: row for row in present().select_for_update(of=("self",))}
    ParkedCall.objects.exclude(slot__in=taken).delete()
    own = next((row for row in taken.values() if _is_for(row, parking, parker, asks, slot)), None)
    if own is not None:
        return _settle(own, parking, data, parker, asks)
    for wanted in [slot] if slot else _free(taken):
        if data.max_slot_number is not None and int(wanted) > data.max_slot_number:
            return Parked("exceeded", wanted, parker)
        if wanted in taken:
            return Parked("occupied", wanted, parker, asks, taken[wanted].call_id)
        try:
            with transaction.atomic():
                row = ParkedCall.objects.create(account_id=current_account_id(), slot=wanted)
        except IntegrityError:
            if slot:
                return Parked("occupied", wanted, parker, asks)
            continue
        return _settle(row, parking, data, parker, asks)
    return Parked("full", "", parker)


def _is_for(row: ParkedCall, parking: Parking, parker: str, asks: bool, slot: str) -> bool:
    """Whether the slot is this call's already, or is kept for it by the phone that sent it here."""
    if slot and row.slot != slot:
        return False
    return row.call_id == parking.call_id or (not asks and row.asks and bool(parker) and row.parker_id == parker)


def _free(taken: Mapping[str, ParkedCall]) -> Iterable[str]:
    for number in count(FIRST_SLOT):
        if number >= FIRST_SLOT + MOST_SLOTS:
            return
        if str(number) not in taken:
            yield str(number)


def _settle(row: ParkedCall, parking: Parking, data: ParkData, parker: str, asks: bool) -> Parked:
    row.call_id, row.switch, row.parker_id, row.asks, row.since = parking.call_id, parking.switch, parker, asks, now()
    row.caller_id_name = parking.caller_id_name[:128]
    row.caller_id_number = parking.caller_id_number[:64]
    row.presence_id = data.presence_of(row.slot, parking.dialled)[:128]
    row.save()
    if not asks:
        _announce(row, "PARK_PARKED")
    _light(row, data.presence_type_of(row.slot))
    return Parked("parked", row.slot, parker, asks)


@transaction.atomic
def leave(call_id: str, event: ParkingEvent) -> None:
    """The call is not parked any more. Nothing happens where it was not."""
    for row in ParkedCall.objects.select_for_update().filter(call_id=call_id):
        row.delete()
        if not row.asks:
            _announce(row, event)
        _light(row, "terminated")


@transaction.atomic
def hand_over(call_id: str) -> None:
    """The phone that asked for the slot transfers its caller there: keep it for whoever comes."""
    ParkedCall.objects.filter(call_id=call_id, asks=True).update(call_id="", since=now())


@at_call_end(DUTY)
def left(ended: EndedCall, data: Mapping[str, Any]) -> None:
    if ended.cause == "ATTENDED_TRANSFER":
        hand_over(ended.call_id)
    leave(ended.call_id, "PARK_ABANDONED")


def _announce(row: ParkedCall, name: ParkingEvent) -> None:
    publish(
        ParkingChanged(
            current_account_id(),
            name,
            row.call_id,
            row.slot,
            row.parker_id,
            row.caller_id_name,
            row.caller_id_number,
        )
    )


def _light(row: ParkedCall, state: PresenceType) -> None:
    set_lamp(current_account_id(), row.presence_id, state, source="slot")
