"""Recorded events, read into facts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.switching.esl.errors import ProtocolError
from apps.switching.esl.events import Event, JsonEvent, PlainEvent
from apps.switching.esl.framer import Framer
from apps.switching.switches.facts import (
    CallAnswered,
    CallBridged,
    CallEnded,
    CallStarted,
    DeviceRegistered,
    DeviceUnregistered,
    Fact,
    NodeHeartbeat,
)
from apps.switching.switches.translate import (
    ROUTED,
    read_channel_dump,
    read_channel_list,
    read_registration_list,
    translate,
)

RECORDED = Path(__file__).parents[3] / "data" / "freeswitch"
ACCOUNT = "a" * 32


def events(name: str) -> Iterator[Event]:
    for frame in Framer().feed((RECORDED / f"{name}.s2c.bin").read_bytes()):
        if frame.content_type == "text/event-plain":
            yield PlainEvent(frame.body)
        elif frame.content_type == "text/event-json":
            yield JsonEvent(frame.body)


def routed(event: Event, **variables: str) -> Event:
    """The event as it would be, had we routed the call."""
    given = {f"variable_{key}": value for key, value in variables.items()}
    return JsonEvent.of(event.as_dict() | {"variable_account_id": ACCOUNT} | given)


def facts(name: str, **variables: str) -> list[Fact]:
    found = [translate(routed(event, **variables), "fs1") for event in events(name)]
    return [fact for fact in found if fact is not None]


def test_a_bridged_call_is_told_in_order() -> None:
    told = [
        (type(fact).__name__, fact.leg.direction)
        for fact in facts("d1-bridged-call-plain-ALL")
        if isinstance(fact, CallStarted | CallAnswered | CallBridged | CallEnded)
    ]
    # The inbound leg starts with kazoo::routed, which this recording does not have.
    assert told == [
        ("CallStarted", "outbound"),
        ("CallAnswered", "outbound"),
        ("CallAnswered", "inbound"),
        ("CallBridged", "inbound"),
        ("CallEnded", "outbound"),
        ("CallEnded", "inbound"),
    ]


def test_what_a_leg_is_comes_from_the_event_alone() -> None:
    bridged = next(fact for fact in facts("d1-bridged-call-plain-ALL", owner_id="o") if isinstance(fact, CallBridged))
    leg = bridged.leg
    assert (leg.account_id, leg.owner_id, leg.switch) == (ACCOUNT, "o", "fs1")
    assert (leg.caller_id_number, leg.destination) == ("1001", "1002")
    assert leg.other_leg == "dd628e02-3ebc-42b5-8b1f-8ac8c23a7b53"
    assert leg.answered is not None
    assert leg.created < leg.answered


def test_why_a_call_ended() -> None:
    ended = [fact for fact in facts("d2-callee-busy-486") if isinstance(fact, CallEnded)]
    assert {(fact.hangup_cause, fact.hangup_code) for fact in ended} == {("USER_BUSY", "sip:486")}


def test_a_call_of_no_account_is_nobodys() -> None:
    found = [translate(event, "fs1") for event in events("d2-callee-busy-486")]
    assert not [fact for fact in found if isinstance(fact, CallStarted | CallEnded)]


def test_what_is_told_holds_no_credentials() -> None:
    """What a leg's facts do not hold, no event, list or record of ours can tell."""
    secret = {"sip_auth_password": "s3cret", "sip_auth_username": "oven", "current_application_data": "s3cret"}
    told = facts("d1-bridged-call-plain-ALL", **secret)
    assert told
    assert "s3cret" not in repr(told)
    assert "oven" not in repr(told)


def test_an_inbound_leg_starts_when_its_account_is_known() -> None:
    headers = {"Unique-ID": "u", "Call-Direction": "inbound", "Caller-Channel-Created-Time": "1795394977917450"}
    create = JsonEvent.of({"Event-Name": "CHANNEL_CREATE", "variable_account_id": ACCOUNT, **headers})
    assert translate(create, "fs1") is None
    announced = {"Event-Name": "CUSTOM", "Event-Subclass": ROUTED, "variable_account_id": ACCOUNT, **headers}
    assert isinstance(translate(JsonEvent.of(announced), "fs1"), CallStarted)


def test_registrations_are_those_of_sofia_register_only() -> None:
    # The recording holds failed attempts too, whose other events say "Registered" as well.
    found = facts("c1-register-plain")
    registered = [fact for fact in found if isinstance(fact, DeviceRegistered)]
    assert {(fact.username, fact.realm) for fact in registered} == {("1001", "acme.test")}
    assert registered[0].contact == "sip:1001@127.0.0.1:6001"
    assert registered[0].user_agent == "Yealink SIP-T46U 108.86.0.20"
    assert (registered[0].expires - registered[0].at).total_seconds() == 120
    gone = [fact for fact in found if isinstance(fact, DeviceUnregistered)]
    assert [(fact.username, fact.contact, fact.expired) for fact in gone] == [
        ("1001", "sip:1001@127.0.0.1:6001", False),
        ("1001", "sip:1001@127.0.0.1:6001", True),
    ]


def test_a_registration_that_ran_out_is_told() -> None:
    gone = [fact for fact in facts("c2-register-natural-expiry") if isinstance(fact, DeviceUnregistered)]
    assert [(fact.username, fact.expired) for fact in gone] == [("1004", True)]


def test_a_heartbeat() -> None:
    [beat] = [fact for fact in facts("k2-heartbeat-json") if isinstance(fact, NodeHeartbeat)]
    assert (beat.sessions, beat.sessions_max, beat.sessions_per_second) == (0, 5000, 1000)
    assert beat.cpu_idle == 0.6
    assert (beat.at - beat.up_since).total_seconds() == pytest.approx(639.77)


def test_a_dump_makes_the_leg_what_it_is() -> None:
    bridge = next(event for event in events("d1-bridged-call-plain-ALL") if event.name == "CHANNEL_BRIDGE")
    dump = json.dumps({**routed(bridge).as_dict(), "Event-Name": "CHANNEL_DATA", "Channel-Call-State": "HELD"})
    assert [type(fact).__name__ for fact in read_channel_dump(dump, "fs1")] == [
        "CallStarted",
        "CallAnswered",
        "CallBridged",
        "CallHeld",
    ]


def test_lists() -> None:
    assert read_channel_list('{"row_count": 0}\n') == set()
    assert read_channel_list('{"row_count":1,"rows":[{"uuid":"a"}]}') == {"a"}
    text = (RECORDED / "b1-api.s2c.bin").read_bytes().decode()
    listed = text[text.index('{"row_count":4,"rows":[{"reg_user"') :].partition("}]}")[0] + "}]}"
    rows = read_registration_list(unquote(listed), "fs1")
    assert {row.username for row in rows} == {"1001", "1002", "1003", "1004"}
    assert {row.contact for row in rows} >= {"sip:1001@127.0.0.1:6001"}
    assert rows[0].profile == "internal"


HEADERS = [
    "Event-Name",
    "Event-Subclass",
    "Unique-ID",
    "contact",
    "expires",
    "Event-Date-Timestamp",
    "Uptime-msec",
    "Idle-CPU",
    "Caller-Channel-Created-Time",
    "variable_account_id",
]
VALUES = ["CUSTOM", "sofia::register", "CHANNEL_ANSWER", "HEARTBEAT", "9" * 30, "<sip:"]


@given(st.dictionaries(st.sampled_from(HEADERS), st.text() | st.sampled_from(VALUES)))
def test_no_event_breaks_the_reader(headers: dict[str, str]) -> None:
    try:
        translate(JsonEvent.of(headers), "fs1")
    except (ProtocolError, ValueError, OverflowError):
        pass  # what the listener catches for one event; nothing else may come out
