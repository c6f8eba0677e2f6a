"""Conferences that are going on: from the switch's events to rows and announcements, and back in step after a gap."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.foundation.kit.clock import now
from apps.switching.calls.models import LiveChannel
from apps.switching.esl.events import PlainEvent
from apps.switching.rooms import applier
from apps.switching.rooms.applier import apply_rooms, reconcile_rooms
from apps.switching.rooms.events import ConferenceChanged
from apps.switching.rooms.facts import RoomChanged, read_maintenance, read_room_list
from apps.switching.rooms.models import LiveMember, LiveRoom
from apps.switching.rooms.queries import members_of, rooms_of
from apps.switching.switches.applier import apply_facts
from apps.switching.switches.facts import CallEnded, Leg

pytestmark = pytest.mark.django_db
ACCOUNT, CONFERENCE = "1" * 32, "2" * 32
NAME = f"{ACCOUNT}-{CONFERENCE}"


def told(action: str, member: int = 0, **more: str) -> RoomChanged:
    headers = {
        "Event-Name": "CUSTOM",
        "Event-Subclass": "conference::maintenance",
        "Conference-Name": more.pop("name", NAME),
        "Conference-Unique-ID": "room-uuid",
        "Action": action,
        "Event-Date-Timestamp": "1795000000000000",
    }
    if member:
        headers |= {
            "Unique-ID": f"leg-{member}",
            "Member-ID": str(member),
            "Member-Type": "member",
            "Caller-Caller-ID-Number": f"100{member}",
        }
    text = "".join(f"{key}: {value}\n" for key, value in (headers | more).items())
    fact = read_maintenance(PlainEvent(text.encode()), "fs1")
    assert fact is not None
    return fact


def test_who_comes_and_goes() -> None:
    channel = {"account_id": ACCOUNT, "switch": "fs1", "direction": "inbound", "created": now()}
    LiveChannel.objects.create(uuid="leg-1", owner_id="bob", authorizing_id="phone", **channel)
    events = apply_rooms([told("conference-create"), told("add-member", 1), told("add-member", 2)])
    assert [event.key for event in events] == [
        f"conference.event.{CONFERENCE}.room-uuid",
        f"conference.event.{CONFERENCE}.leg-1",
        f"conference.event.{CONFERENCE}.leg-2",
    ]
    assert events[1].data()["custom_channel_vars"]["owner_id"] == "bob"
    assert [one.member_id for one in members_of(ACCOUNT, [CONFERENCE])[CONFERENCE]] == [1, 2]
    apply_rooms([told("del-member", 1)])
    assert list(LiveMember.objects.values_list("uuid", flat=True)) == ["leg-2"]
    apply_rooms([told("conference-destroy")])
    assert not LiveRoom.objects.exists()
    assert not LiveMember.objects.exists()


def test_what_happens_to_a_member() -> None:
    apply_rooms([told("add-member", 1)])
    (event,) = apply_rooms([told("mute-member", 1, Speak="false", Hear="true")])
    assert isinstance(event, ConferenceChanged)
    assert (event.action, event.data()["speak"], event.data()["hear"]) == ("mute-member", False, True)
    assert not LiveMember.objects.get().speaks
    apply_rooms([told("start-talking", 1, Talking="true")])
    assert LiveMember.objects.get().talking
    apply_rooms([told("lock")])
    assert rooms_of(ACCOUNT, [CONFERENCE])[CONFERENCE].is_locked


def test_a_member_goes_with_its_channel() -> None:
    """Even where the switch never said that it left."""
    apply_rooms([told("add-member", 1)])
    apply_facts([CallEnded(Leg("leg-1", "fs1", ACCOUNT, "inbound", now()), now())])
    assert not LiveMember.objects.exists()


def test_what_was_recorded_is_kept(monkeypatch: Any) -> None:
    kept: list[tuple[str, ...]] = []
    monkeypatch.setattr(applier, "enqueue", lambda _task, *given: kept.append(given))
    apply_rooms([told("add-member", 1), told("start-recording", Path="/r/x.wav")])
    assert LiveRoom.objects.get().recording == "/r/x.wav"
    apply_rooms([told("stop-recording", Path="/r/x.wav")])
    assert LiveRoom.objects.get().recording == ""
    assert kept == [(ACCOUNT, CONFERENCE, "fs1", "/r/x.wav")]


@pytest.mark.parametrize("name", ["3000", "x" * 40, f"{ACCOUNT}-page-7"])
def test_other_conferences_are_nobodys(name: str) -> None:
    event = PlainEvent(f"Event-Name: CUSTOM\nConference-Name: {name}\nAction: add-member\n".encode())
    assert read_maintenance(event, "fs1") is None


def test_after_a_gap() -> None:
    apply_rooms([told("add-member", 1), told("add-member", 2)])
    apply_rooms([told("add-member", 7, name=f"{ACCOUNT}-{'3' * 32}")])
    LiveMember.objects.filter(uuid="leg-2").update(switch="fs2")
    listed = [
        {
            "conference_name": NAME,
            "conference_uuid": "room-uuid",
            "run_time": 60,
            "locked": True,
            "members": [
                {"type": "caller", "id": 3, "uuid": "leg-3", "join_time": 5, "flags": {"can_speak": False}},
                {"type": "caller", "id": 1, "uuid": "leg-1", "join_time": 50, "flags": {"is_moderator": True}},
                {"type": "recording_node"},
            ],
        }
    ]
    events = reconcile_rooms("fs1", list(read_room_list(json.dumps(listed), "fs1")))
    assert [event.key.rpartition(".")[2] for event in events] == ["leg-3"]
    rows = {row.uuid: row for row in LiveMember.objects.all()}
    assert set(rows) == {"leg-1", "leg-2", "leg-3"}, "another node's are its own"
    assert (rows["leg-1"].is_moderator, rows["leg-3"].speaks) == (True, False)
    assert [(room.name, room.is_locked) for room in LiveRoom.objects.all()] == [(NAME, True)]


def test_a_switch_without_conferences() -> None:
    apply_rooms([told("add-member", 1)])
    assert reconcile_rooms("fs1", list(read_room_list("+OK No active conferences.\n", "fs1"))) == []
    assert not LiveRoom.objects.exists()
