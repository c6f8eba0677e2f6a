"""Facts are applied by batches: one transaction and one publish for up to two hundred events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from apps.foundation.events.event import Event
from apps.foundation.events.publishing import publish
from apps.switching.calls.models import ChannelState, LiveChannel
from apps.switching.rooms.applier import apply_rooms, forget_channels
from apps.switching.rooms.facts import RoomChanged
from apps.switching.switches.events import CallChanged
from apps.switching.switches.facts import (
    CallAnswered,
    CallBridged,
    CallEnded,
    CallFact,
    CallHeld,
    CallStarted,
    DeviceRegistered,
    DeviceUnregistered,
    Fact,
    Leg,
    NodeHeartbeat,
)
from apps.switching.switches.models import SwitchNode
from apps.switching.switches.registrations import apply_registrations

_COLUMNS = [field.name for field in LiveChannel._meta.concrete_fields if field.name not in ("uuid",)]
_TEXTS = {
    field.name: field.max_length
    for field in LiveChannel._meta.concrete_fields
    if field.name in Leg.__dataclass_fields__ and field.max_length
}


@transaction.atomic
def apply_facts(facts: Sequence[Fact]) -> None:
    """Write what the facts say, and publish it once the transaction has committed. Facts of one leg are in order."""
    calls = [fact for fact in facts if isinstance(fact, CallFact)]
    phones = [fact for fact in facts if isinstance(fact, DeviceRegistered | DeviceUnregistered)]
    rooms = [fact for fact in facts if isinstance(fact, RoomChanged)]
    events = [*_apply_calls(calls), *apply_rooms(rooms), *apply_registrations(phones)]
    if ended := {fact.leg.uuid for fact in calls if isinstance(fact, CallEnded)}:
        forget_channels(ended)
    for beat in {fact.switch: fact for fact in facts if isinstance(fact, NodeHeartbeat)}.values():
        _apply_heartbeat(beat)
    if events:
        publish(*events)


def _apply_calls(facts: Sequence[CallFact]) -> list[Event]:
    uuids = {fact.leg.uuid for fact in facts}
    known = set(LiveChannel.objects.filter(uuid__in=uuids).values_list("uuid", flat=True)) if uuids else set()
    rows: dict[str, LiveChannel] = {}
    ended: set[str] = set()
    bridged: dict[str, CallBridged] = {}
    events: list[Event] = []
    for fact in facts:
        uuid = fact.leg.uuid
        if uuid not in known:
            known.add(uuid)
            events.append(CallChanged(fact.leg.account_id, "CHANNEL_CREATE", fact.leg))
        events.extend(_announced(fact))
        if isinstance(fact, CallEnded):
            ended.add(uuid)
            continue
        if uuid not in ended:  # a late event of a leg that is gone brings nothing back
            rows[uuid] = _row(fact, rows.get(uuid))
        if isinstance(fact, CallBridged) and fact.leg.other_leg:
            bridged[fact.leg.other_leg] = fact
    _write(row for uuid, row in rows.items() if uuid not in ended)
    for other, fact in bridged.items():
        LiveChannel.objects.filter(uuid=other).update(
            state=ChannelState.BRIDGED, other_leg=fact.leg.uuid, bridged=fact.leg.bridged
        )
    if ended:
        LiveChannel.objects.filter(uuid__in=ended).delete()
    return events


def _announced(fact: CallFact) -> Iterable[Event]:
    """CHANNEL_CREATE is announced by whatever is the first fact of a leg."""
    leg = fact.leg
    if isinstance(fact, CallEnded):
        yield CallChanged(leg.account_id, "CHANNEL_DESTROY", leg, fact.ended, fact.hangup_cause, fact.hangup_code)
    elif isinstance(fact, CallAnswered):
        yield CallChanged(leg.account_id, "CHANNEL_ANSWER", leg)
    elif isinstance(fact, CallBridged):
        yield CallChanged(leg.account_id, "CHANNEL_BRIDGE", leg)
    elif isinstance(fact, CallHeld):
        yield CallChanged(leg.account_id, "CHANNEL_HOLD" if fact.held else "CHANNEL_UNHOLD", leg)


def _row(fact: CallFact, before: LiveChannel | None) -> LiveChannel:
    leg = fact.leg
    row = LiveChannel(uuid=leg.uuid, created=leg.created, answered=leg.answered, bridged=leg.bridged)
    for name, width in _TEXTS.items():
        setattr(row, name, getattr(leg, name)[:width])
    row.state = _state(fact)
    if not row.other_leg and before is not None:
        row.other_leg = before.other_leg
    return row


def _state(fact: CallFact) -> ChannelState:
    match fact:
        case CallHeld(held=True):
            return ChannelState.HELD
        case CallBridged() | CallHeld():
            return ChannelState.BRIDGED
        case CallAnswered():
            return ChannelState.ANSWERED
        case CallStarted(leg) if leg.answered:
            return ChannelState.ANSWERED
        case _:
            return ChannelState.RINGING


def _write(rows: Iterable[LiveChannel]) -> None:
    # In one order everywhere, so that two nodes' batches never wait for each other in a circle.
    in_order = sorted(rows, key=lambda row: row.uuid)
    if in_order:
        LiveChannel.objects.bulk_create(in_order, update_conflicts=True, unique_fields=["uuid"], update_fields=_COLUMNS)


def _apply_heartbeat(beat: NodeHeartbeat) -> None:
    SwitchNode.objects.filter(name=beat.switch).update(
        heartbeat=beat.at,
        core_uuid=beat.core_uuid,
        version=beat.version[:128],
        up_since=beat.up_since,
        sessions=beat.sessions,
        sessions_max=beat.sessions_max,
        sessions_per_second=beat.sessions_per_second,
        cpu_idle=beat.cpu_idle,
    )
