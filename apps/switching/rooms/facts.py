"""What a switch tells about its conferences (`conference::maintenance`), in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.foundation.kit.clock import now
from apps.switching.esl.events import Event

MAINTENANCE = "conference::maintenance"
#: Announcements to phones are conferences too, which nobody is told of.
PAGE = "page-"
_NAME = re.compile(r"([0-9a-f]{32})-([A-Za-z0-9_.-]{1,96})")


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a conference: the channel, and the number it has there."""

    uuid: str
    id: int
    is_moderator: bool = False
    hears: bool = True
    speaks: bool = True
    talking: bool = False
    has_floor: bool = False
    energy: int = 0
    caller_id_name: str = ""
    caller_id_number: str = ""
    joined: datetime | None = None


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """`action` is mod_conference's word: `conference-create`, `add-member`, `mute-member`, `lock` … `file` is the
    recording's. `member` is there where the event is about one."""

    switch: str
    name: str
    account_id: str
    conference_id: str
    action: str
    at: datetime
    uuid: str = ""
    member: Member | None = None
    file: str = ""

    @property
    def room_id(self) -> str:
        return room_id(self.switch, self.name)


@dataclass(frozen=True, slots=True)
class ListedRoom:
    """A conference as `conference json_list` shows it."""

    began: RoomChanged
    is_locked: bool
    members: tuple[RoomChanged, ...]


def room_id(switch: str, name: str) -> str:
    return f"{switch}/{name}"


def read_maintenance(event: Event, switch: str) -> RoomChanged | None:
    """The fact of a `conference::maintenance` event, None where it is about nobody's conference."""
    fact = _about(switch, event.get("Conference-Name"), event.get("Action"), event.get("Conference-Unique-ID"))
    if fact is None:
        return None
    member = _member(event) if event.get("Member-ID") else None
    at = event.get("Event-Date-Timestamp")
    moment = datetime.fromtimestamp(int(at) / 1_000_000, UTC) if at.isdigit() else fact.at
    return RoomChanged(
        switch, fact.name, fact.account_id, fact.conference_id, fact.action, moment, fact.uuid, member,
        event.get("Path"),
    )  # fmt: skip


def read_room_list(text: str, switch: str) -> Iterator[ListedRoom]:
    """The conferences of `conference json_list`. Raises ValueError."""
    # Without a conference the switch answers in words.
    for row in json.loads(text) if text.lstrip().startswith("[") else ():
        began = now() - timedelta(seconds=int(row.get("run_time") or 0))
        fact = _about(switch, str(row["conference_name"]), "conference-create", str(row.get("conference_uuid") or ""))
        if fact is None:
            continue
        base = (switch, fact.name, fact.account_id, fact.conference_id)
        yield ListedRoom(
            RoomChanged(*base, "conference-create", began, fact.uuid),
            bool(row.get("locked")),
            tuple(
                RoomChanged(*base, "add-member", member.joined or began, fact.uuid, member)
                for member in map(_listed, row.get("members") or ())
                if member is not None
            ),
        )


def _about(switch: str, name: str, action: str, uuid: str) -> RoomChanged | None:
    found = _NAME.fullmatch(name)
    if found is None or not action or found[2].startswith(PAGE):
        return None
    return RoomChanged(switch, name, found[1], found[2], action, now(), uuid)


def _member(event: Event) -> Member | None:
    uuid, number = event.get("Unique-ID"), event.get("Member-ID")
    if not uuid or not number.isdigit():
        return None
    energy = event.get("Energy-Level")
    return Member(
        uuid=uuid,
        id=int(number),
        is_moderator=event.get("Member-Type") == "moderator",
        hears=event.get("Hear") != "false",
        speaks=event.get("Speak") != "false",
        talking=event.get("Talking") == "true",
        has_floor=event.get("Floor") == "true",
        energy=int(energy) if energy.isdigit() else 0,
        caller_id_name=event.get("Caller-Caller-ID-Name"),
        caller_id_number=event.get("Caller-Caller-ID-Number"),
    )


def _listed(row: dict[str, Any]) -> Member | None:
    flags = row.get("flags") or {}
    if not row.get("uuid") or row.get("type", "caller") != "caller":
        return None
    return Member(
        uuid=str(row["uuid"]),
        id=int(row["id"]),
        is_moderator=bool(flags.get("is_moderator")),
        hears=bool(flags.get("can_hear", True)),
        speaks=bool(flags.get("can_speak", True)),
        talking=bool(flags.get("talking")),
        has_floor=bool(flags.get("has_floor")),
        energy=int(row.get("energy") or 0),
        caller_id_name=str(row.get("caller_id_name") or ""),
        caller_id_number=str(row.get("caller_id_number") or ""),
        joined=now() - timedelta(seconds=int(row.get("join_time") or 0)),
    )
