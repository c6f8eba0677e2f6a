"""What is written into the events that a switch makes NOTIFYs of, and what is read from those it asks with."""

from __future__ import annotations

import pytest

from apps.switching.esl.commands import sendevent
from apps.switching.esl.events import PlainEvent
from apps.switching.presence.models import LampState
from apps.switching.presence.notices import (
    LampQuestion,
    MessageQuestion,
    lamp_headers,
    lamp_question,
    message_headers,
    message_question,
)
from apps.switching.presence.queries import DARK, Counts, Lamp


def event(name: str, **headers: str) -> PlainEvent:
    lines = {"Event-Name": name} | {key.replace("_", "-"): value for key, value in headers.items()}
    return PlainEvent("".join(f"{key}: {value}\n" for key, value in lines.items()).encode())


def test_a_dark_lamp_names_no_dialog() -> None:
    headers = lamp_headers("1002", "office.test", DARK)
    assert headers["from"] == "1002@office.test"
    assert headers["answer-state"] == "terminated"
    assert "unique-id" not in headers


def test_a_lamp_never_names_a_channel_and_always_the_same_dialog() -> None:
    """Sent with a channel's id, the event would go to that channel and to no phone."""
    ringing = lamp_headers("1002", "office.test", Lamp(LampState.EARLY, uuid="aaaa-1", number="1001"))
    talking = lamp_headers("1002", "office.test", Lamp(LampState.CONFIRMED, uuid="bbbb-2", number="1001"))
    assert ringing["unique-id"] == talking["unique-id"]
    assert ringing["unique-id"] not in ("aaaa-1", "bbbb-2")
    assert "-" not in ringing["unique-id"]
    assert (ringing["presence-call-direction"], ringing["Caller-Caller-ID-Number"]) == ("outbound", "1001")


def test_who_calls_is_shown_as_the_one_who_began() -> None:
    headers = lamp_headers("1001", "office.test", Lamp(LampState.CONFIRMED, calling=True, number="1002"))
    assert headers["presence-call-direction"] == "inbound"
    assert (headers["caller-username"], headers["Caller-Destination-Number"]) == ("1001", "1002")


@pytest.mark.parametrize("name", ['Ada "<b>" & co', "a\r\nanswer-state: confirmed", "\x00\x07'"])
def test_a_callers_name_can_neither_forge_a_header_nor_markup(name: str) -> None:
    headers = lamp_headers("1002", "office.test", Lamp(LampState.EARLY, number=name, name=name))
    assert not set("<>&\"'\r\n\0") & set("".join(headers.values()))
    assert b"sendevent PRESENCE_IN" in sendevent("PRESENCE_IN", headers)


def test_messages_are_told_to_all_or_to_who_asked() -> None:
    headers = message_headers("1001", "office.test", Counts(2, 1))
    assert headers["MWI-Messages-Waiting"] == "yes"
    assert headers["MWI-Voice-Message"] == "2/1 (0/0)"
    assert not {"call-id", "sub-call-id"} & headers.keys()
    question = MessageQuestion("office.test", "1001", "internal", "", "abc")
    assert message_headers("1001", "office.test", Counts(), question)["sub-call-id"] == "abc"


def test_questions_are_read() -> None:
    fields = {"proto": "sip", "from": "cleo@office.test", "to": "1002@Office.Test", "expires": "300"}
    probe = event("PRESENCE_PROBE", **fields, proto_specific_event_name="dialog", sub_call_id="c1")
    assert lamp_question(probe) == LampQuestion("office.test", "1002", "dialog", "cleo@office.test", "c1", 300)
    query = event("MESSAGE_QUERY", Message_Account="sip:1001@office.test", VM_Sofia_Profile="internal", VM_Call_ID="r1")
    assert message_question(query) == MessageQuestion("office.test", "1001", "internal", "r1", "")


@pytest.mark.parametrize(
    "fields",
    [
        {"proto": "conf", "to": "1@a", "sub_call_id": "x"},
        {"proto": "sip", "to": "1@a"},
        {"proto": "sip", "to": "nobody"},
    ],
)
def test_what_asks_for_no_lamp_is_no_question(fields: dict[str, str]) -> None:
    assert lamp_question(event("PRESENCE_PROBE", **fields)) is None


def test_an_odd_expiry_ends_the_subscription() -> None:
    probe = event("PRESENCE_PROBE", proto="sip", to="1@a", sub_call_id="x", expires="-5")
    question = lamp_question(probe)
    assert question is not None
    assert question.seconds == 0
