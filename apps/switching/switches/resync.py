"""After a gap: what the switch says is there, and what we still believe is."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from django.db import transaction

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.events.publishing import publish
from apps.foundation.kit.clock import now
from apps.switching.calls.models import LiveChannel
from apps.switching.esl.client import EslClient
from apps.switching.esl.errors import CommandFailed
from apps.switching.registrar.models import Registration
from apps.switching.rooms.applier import reconcile_rooms
from apps.switching.rooms.facts import ListedRoom, read_room_list
from apps.switching.switches.applier import apply_facts
from apps.switching.switches.facts import CallEnded, DeviceRegistered, Fact, Leg
from apps.switching.switches.registrations import (
    apply_registrations,
    unregistered,
    with_owners,
)
from apps.switching.switches.translate import read_channel_dump, read_channel_list, read_registration_list

log = logging.getLogger(__name__)
_LEG_COLUMNS = tuple(name for name in Leg.__dataclass_fields__ if name != "request_uri")


async def resync(client: EslClient, switch: str) -> None:
    """Make our picture of one switch what the switch says. Raises EslError, ValueError and DatabaseError."""
    there = read_channel_list(await _ask(client, "show", "channels as json"))
    gone, unknown = await in_directory(compare_channels, switch, there)
    facts: list[Fact] = [*gone]
    for uuid in unknown:
        dump = await client.api("uuid_dump", f"{uuid} json")
        if dump.ok:  # else it has ended meanwhile
            facts.extend(read_channel_dump(dump.text, switch))
    listed = read_registration_list(await _ask(client, "show", "registrations as json"), switch)
    rooms = list(read_room_list((await client.api("conference", "json_list")).text, switch))
    await in_directory(apply_facts, facts)
    await in_directory(reconcile_registrations, switch, listed)
    await in_directory(reconcile_conferences, switch, rooms)
    if facts:
        log.info("switch %s: %d calls had ended unheard, %d were new", switch, len(gone), len(unknown))


def compare_channels(switch: str, there: Iterable[str]) -> tuple[list[CallEnded], list[str]]:
    """Calls we believe in that have ended, and uuids we have not heard of."""
    ours = {row.uuid: row for row in LiveChannel.objects.filter(switch=switch)}
    uuids = set(there)
    gone = [CallEnded(_leg(row), now()) for uuid, row in ours.items() if uuid not in uuids]
    return gone, sorted(uuids - ours.keys())


@transaction.atomic
def reconcile_registrations(switch: str, listed: Sequence[DeviceRegistered]) -> None:
    """Write the listed registrations and remove the others of this switch."""
    current = with_owners(listed)
    contacts = {(fact.realm, fact.username, fact.contact) for fact in current}
    ours = list(Registration.objects.filter(switch=switch))
    known = {(row.realm, row.username, row.contact) for row in ours}
    gone = [row for row in ours if (row.realm, row.username, row.contact) not in contacts]
    Registration.objects.filter(pk__in=[row.pk for row in gone]).delete()
    new = [fact for fact in current if (fact.realm, fact.username, fact.contact) not in known]
    events = [*apply_registrations(new), *(unregistered(row, "gone") for row in gone)]
    if events:
        publish(*events)


@transaction.atomic
def reconcile_conferences(switch: str, listed: Sequence[ListedRoom]) -> None:
    """Write the conferences the switch lists, and who is in them, and remove the others of this switch."""
    if events := reconcile_rooms(switch, listed):
        publish(*events)


def _leg(row: LiveChannel) -> Leg:
    return Leg(**{name: getattr(row, name) for name in _LEG_COLUMNS})


async def _ask(client: EslClient, command: str, arguments: str) -> str:
    answer = await client.api(command, arguments)
    if not answer.ok:
        raise CommandFailed(answer.text)
    return answer.text
