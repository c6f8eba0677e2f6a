"""What is announced about conferences, with KAZOO's names (`conference.event.…`, `conference.command.…`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from apps.foundation.events.event import Event
from apps.foundation.kit.clock import now, to_gregorian
from apps.switching.rooms.models import LiveMember


@dataclass(frozen=True, slots=True)
class ConferenceChanged(Event):
    """Something happened in a conference. `action` is the switch's word: `add-member`, `del-member`, `mute-member`,
    `lock`, `conference-create` …"""

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = (
        "conference.event.{conference_id}.{call_id}",
        "conference.event.{conference_id}.{instance_id}",
    )

    conference_id: str
    action: str
    switch: str
    instance_id: str = ""
    member: LiveMember | None = None

    @classmethod
    def examples(cls) -> Sequence[Event]:
        account_id, conference_id = "4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        room = "5f0c2a3e-1111-2222-3333-444455556666"
        member = LiveMember(
            uuid="c0ffee00-1111-2222-3333-444455556666",
            room_id=room,
            account_id=account_id,
            conference_id=conference_id,
            switch="fs1",
            member_id=7,
            caller_id_name="Bob",
            caller_id_number="+13125550100",
        )
        began = cls(account_id, conference_id, "conference-create", "fs1", room)
        return [began, cls(account_id, conference_id, "add-member", "fs1", room, member)]

    @property
    def key(self) -> str:
        return f"conference.event.{self.conference_id}.{self.member.uuid if self.member else self.instance_id}"

    def data(self) -> dict[str, Any]:
        found = {
            "event_category": "conference",
            "event_name": "participant_event" if self.member else "conference_event",
            "event": self.action,
            "timestamp": to_gregorian(now()),
            "account_id": self.account_id,
            "conference_id": self.conference_id,
            "instance_id": self.instance_id,
            "focus": self.switch,
        }
        return found | (member_fields(self.member) if self.member else {})


@dataclass(frozen=True, slots=True)
class ConferenceCommanded(Event):
    """Somebody told a conference, or somebody in it, to do something."""

    keys: ClassVar[tuple[str, ...]] = ("conference.command.{conference_id}",)

    conference_id: str
    action: str
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def examples(cls) -> Sequence[Event]:
        account_id, conference_id = "4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        return [cls(account_id, conference_id, "mute", {"participant_id": 7}), cls(account_id, conference_id, "lock")]

    @property
    def key(self) -> str:
        return f"conference.command.{self.conference_id}"

    def data(self) -> dict[str, Any]:
        return {
            "event_category": "conference",
            "event_name": "command",
            "application_name": self.action,
            "timestamp": to_gregorian(now()),
            "account_id": self.account_id,
            "conference_id": self.conference_id,
            **self.details,
        }


def member_fields(member: LiveMember) -> dict[str, Any]:
    """A participant as KAZOO shows one."""
    variables = {
        "account_id": member.account_id,
        "authorizing_id": member.authorizing_id,
        "authorizing_type": member.authorizing_type,
        "owner_id": member.owner_id,
    }
    return {
        "participant_id": member.member_id,
        "call_id": member.uuid,
        "conference_uuid": member.room_id,
        "caller_id_name": member.caller_id_name,
        "caller_id_number": member.caller_id_number,
        "is_moderator": member.is_moderator,
        "hear": member.hears,
        "speak": member.speaks,
        "talking": member.talking,
        "floor": member.has_floor,
        "energy_level": member.energy,
        "switch_hostname": member.switch,
        "join_time": to_gregorian(member.joined),
        "duration": max(0, int((now() - member.joined).total_seconds())),
        "owner_id": member.owner_id,
        "custom_channel_vars": {name: value for name, value in variables.items() if value},
    }
