"""Into a conference: which one, as whom, and who is kept out."""

from __future__ import annotations

from typing import Any

import pytest

from apps.foundation.events.publishing import client
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.conferences import crossing
from apps.pbx.conferences.models import Conference
from apps.switching.calls.dial_string import Contact
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.port import BridgeResult
from apps.switching.rooms.models import LiveMember, LiveRoom
from apps.switching.rooms.passages import Passage
from apps.switching.switches.models import NodeState, SwitchNode
from tests.pbx_office import Office, office, run

__all__ = ["office"]
DOCUMENT: dict[str, Any] = {
    "conference_numbers": ["500"],
    "member": {"numbers": ["501"], "pins": ["1111"], "join_muted": True},
    "moderator": {"numbers": ["502"], "pins": ["2222"]},
}


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    for key in client().scan_iter("kazoo:wrong-pins:*"):
        client().delete(key)
    for key in client().scan_iter("kazoo:conference-home:*"):
        client().delete(key)


def conference(office: Office, **document: Any) -> Conference:
    office.within(lambda: Conference.objects.all().delete())
    LiveRoom.objects.all().delete()
    LiveMember.objects.all().delete()
    made: Conference = office.within(
        lambda: Conference.objects.create(account_id=office.id, name="Weekly", document=DOCUMENT | document)
    )
    return made


def dial(office: Office, data: dict[str, Any], verb: str = "conference", **fields: Any) -> tuple[FakeCall, Branch]:
    call = FakeCall(account_id=office.id, **fields)
    return call, run(verbs()[verb].run(call, read_data(verbs()[verb], data)))


@pytest.mark.parametrize(
    ("pin", "flags"), [("1111", ("mute",)), ("2222", ("moderator",))], ids=["a member", "a moderator"]
)
def test_the_pin_says_who_comes(office: Office, pin: str, flags: tuple[str, ...]) -> None:
    room = conference(office)
    call, _branch = dial(office, {"id": room.id}, digits=["9", pin])
    (request,) = call.conferences
    assert (request.name, request.flags) == (f"{office.id}-{room.id}", flags)


def test_who_knows_no_pin_stays_outside(office: Office) -> None:
    room = conference(office)
    call, branch = dial(office, {"id": room.id}, digits=["1", "2", "3"])
    assert not call.conferences
    assert branch.why == "the PIN was wrong"


def test_guessing_ends_across_calls(office: Office) -> None:
    room = conference(office)
    for _call in range(3):
        dial(office, {"id": room.id}, digits=["1", "2", "3"])
    call, _branch = dial(office, {"id": room.id}, digits=["1111"])
    assert not call.conferences, "the right PIN comes too late"
    other, _branch = dial(office, {"id": room.id}, digits=["1111"], original_caller_id=_somebody())
    assert other.conferences


def _somebody() -> Any:
    from apps.switching.calls.port import CallerId

    return CallerId("Somebody", "+15550001")


@pytest.mark.parametrize(("number", "pin", "flags"), [("501", "1111", ("mute",)), ("502", "2222", ("moderator",))])
def test_the_number_says_who_comes(office: Office, number: str, pin: str, flags: tuple[str, ...]) -> None:
    conference(office)
    call, _branch = dial(office, {}, digits=["77", number, pin])
    assert call.conferences[0].flags == flags
    wrong, _branch = dial(office, {}, digits=[number, "3333", "4444", "5555"])
    assert not wrong.conferences


def test_a_flow_says_who_comes(office: Office) -> None:
    room = conference(office, moderator={"pins": []}, member={"pins": []})
    call, _branch = dial(office, {"id": room.id, "moderator": True})
    assert call.conferences[0].flags == ("moderator",)
    assert "collect" not in call.verbs


def test_no_such_number(office: Office) -> None:
    conference(office)
    call, branch = dial(office, {}, digits=["1", "2", "3"])
    assert not call.conferences
    assert branch.why == "no conference was chosen"


def test_full_and_locked(office: Office) -> None:
    room = conference(office, max_participants=1, member={"pins": ["1111"]}, moderator={"pins": ["2222"]})
    where = {"account_id": office.id, "conference_id": room.id, "switch": "fs1"}
    LiveRoom.objects.create(id="fs1/x", name="x", is_locked=True, **where)
    assert dial(office, {"id": room.id}, digits=["1111"])[1].why == "the conference is locked"
    moderator, _branch = dial(office, {"id": room.id}, digits=["2222"])
    assert moderator.conferences[0].variables["conference_enforce_security"] == "false"
    LiveMember.objects.create(uuid="one", room_id="fs1/x", member_id=1, **where)
    assert dial(office, {"id": room.id}, digits=["2222"])[1].why == "the conference is full"


def test_waiting_for_the_moderator(office: Office) -> None:
    room = conference(office, require_moderator=True, member={"pins": ["1"]}, moderator={"pins": ["2"]})
    assert dial(office, {"id": room.id}, digits=["1"])[0].conferences[0].flags == ("wait-mod",)
    flags = dial(office, {"id": room.id}, digits=["2"])[0].conferences[0].flags
    assert flags == ("moderator", "wait-mod", "mandatory_member_endconf")


def test_the_name_is_recorded_and_announced(office: Office) -> None:
    room = conference(office, play_name=True, play_entry_tone=False, member={"pins": []}, moderator={"pins": []})
    call, _branch = dial(office, {"id": room.id}, recorded=[1500])
    variables = call.conferences[0].variables
    assert call.recording_path(call.details("record")[0].split()[0]) in variables["conference_enter_sound"]
    assert variables["conference_enter_sound"] != variables["conference_exit_sound"]
    assert "flow_at_end" in call.variables, "the name is removed after the call"


def test_tones(office: Office) -> None:
    room = conference(office, play_entry_tone="tone_stream://%(1,0,1)", play_exit_tone=False, member={}, moderator={})
    variables = dial(office, {"id": room.id})[0].conferences[0].variables
    assert variables["conference_enter_sound"] == "tone_stream://%(1,0,1)"
    assert "conference_exit_sound" not in variables
    quiet = dial(office, {"id": room.id, "play_entry_tone": False})[0].conferences[0].variables
    assert "conference_enter_sound" not in quiet


def test_meeting_under_a_number(office: Office) -> None:
    conference(office)
    one, _branch = dial(office, {}, "conference_feature", variables={"capture_group": "77"})
    two, _branch = dial(office, {}, "conference_feature", variables={"capture_group": "77"})
    other, _branch = dial(office, {}, "conference_feature", variables={"capture_group": "78"})
    assert one.conferences[0].name == two.conferences[0].name != other.conferences[0].name
    named, _branch = dial(office, {}, "conference_feature", variables={"capture_group": "500"}, digits=["2222"])
    assert named.conferences[0].flags == ("moderator",), "a conference of the account keeps its door"


def test_another_accounts_conference_is_not_there(office: Office) -> None:
    room = conference(office)
    office.within(lambda: Conference.objects.filter(id=room.id).update(account_id="c" * 32))
    call, branch = dial(office, {"id": room.id}, digits=["1111"])
    assert not call.conferences
    assert branch.why.startswith("there is no conference")


def elsewhere(office: Office, room: Conference) -> None:
    SwitchNode.objects.update_or_create(name="fs2", defaults={"host": "h", "port": 1, "state": NodeState.UP})
    LiveRoom.objects.create(
        id="fs2/x", name=f"{office.id}-{room.id}", account_id=office.id, conference_id=room.id, switch="fs2"
    )


def test_a_conference_on_another_node(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    room = conference(office, member={"pins": []}, moderator={"pins": []})
    elsewhere(office, room)
    opened: list[Passage] = []

    def open_passage(passage: Passage) -> Contact:
        opened.append(passage)
        return Contact("sip:conference-word@10.0.0.6:5080", profile="external")

    monkeypatch.setattr(crossing, "open_passage", open_passage)
    talked = [BridgeResult(answered=True, cause="SUCCESS")]
    call, branch = dial(office, {"id": room.id}, bridges=talked)
    assert not call.conferences, "no second one here"
    (leg,) = call.requests[0].legs
    assert str(leg.target) == "sofia/external/sip:conference-word@10.0.0.6:5080"
    assert leg.variables["authorizing_type"] == "conference"
    assert (opened[0].node, opened[0].request.name) == ("fs2", f"{office.id}-{room.id}")
    assert opened[0].variables["account_id"] == office.id
    assert branch.why == "left the conference Weekly"


def test_another_node_that_cannot_be_reached(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """The caller is told so, and is not left alone in a second conference of that name."""
    room = conference(office, member={"pins": []}, moderator={"pins": []})
    elsewhere(office, room)
    call, branch = dial(office, {"id": room.id})
    assert not call.conferences
    assert branch.why == "the conference is on fs2, which cannot be reached"
    assert "no way to the conference on fs2" in caplog.text
    assert "play" in call.verbs
