"""Headers and events: nothing a caller says can become a header; plain and json say the same."""

import json
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.switching.esl.errors import ProtocolError
from apps.switching.esl.events import Event, JsonEvent, PlainEvent, decode_event
from apps.switching.esl.framer import Frame, Framer
from apps.switching.esl.headers import HeaderBlock
from apps.switching.esl.messages import ConnectReply, read_message
from tests.unit.switching.esl.support import recorded

HEADERS = {"name": "Event-Name", "uuid": "Unique-ID", "caller": "Caller-Caller-ID-Name", "sequence": "Event-Sequence"}


class Seen(msgspec.Struct, rename=HEADERS):
    name: str
    sequence: int = -1
    uuid: str = ""
    caller: str = ""


class Matched(msgspec.Struct, rename={"name": "Event-Name", "match": "variable_DP_MATCH", "text": "_body"}):
    name: str
    match: str = ""
    text: str = ""


def encoded(headers: dict[str, str], body: str = "") -> PlainEvent:
    """As switch_event_serialize writes it."""
    lines = "".join(f"{name}: {quote(value, safe=' ') or '_undef_'}\n" for name, value in headers.items())
    return PlainEvent(f"{lines}\n{body}".encode())


def test_encoded_newlines_stay_inside_the_value():
    event = PlainEvent(
        b"Event-Name: CHANNEL_CREATE\n"
        b"Caller-Caller-ID-Name: x%0Avariable_domain_name: victim.test%0A%0AEvent-Name: FORGED\n"
        b"variable_domain_name: acme.test\n\n"
    )
    assert event.variable("domain_name") == "acme.test"
    assert event.name == "CHANNEL_CREATE"
    assert event.get("Caller-Caller-ID-Name").startswith("x\nvariable_domain_name: victim.test\n")


@given(st.text(max_size=200), st.sampled_from(["variable_domain_name", "Unique-ID", "Event-Name"]))
def test_no_value_can_forge_a_header(value, target):
    """Whatever a caller's name holds, in either format and also as if FreeSWITCH had left its %XX alone."""
    value = f"{value}\n{target}: forged\n\n{target}: forged"
    honest = {
        "Event-Name": "CHANNEL_CREATE",
        "Unique-ID": "u",
        "Caller-Caller-ID-Name": value,
        "variable_domain_name": "acme",
    }
    for event in (encoded(honest), JsonEvent.of(honest)):
        got = event.as_dict()
        assert set(got) == set(honest)
        assert event.get(target) == honest[target] == got[target]
    struct = decode_event(encoded(honest), Seen)
    assert (struct.name, struct.uuid) == ("CHANNEL_CREATE", "u")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "variable_x", "Unique-ID"]),
            st.one_of(
                st.text(alphabet="%0aA_undef :é\0", max_size=12),
                st.sampled_from(["_undef_", "%00", "a%00b", "%ff", "%", "%5Fundef_", ""]),
            ),
        ),
        max_size=8,
    )
)
def test_every_header_at_once_reads_like_one_by_one(lines):
    event = PlainEvent("\n".join(f"{name}: {value}" for name, value in lines).encode())
    assert event.as_dict() == {name: event.get(name) for name, _ in lines}


def test_lookup_stops_at_the_end_of_the_headers():
    event = PlainEvent(b"Event-Name: BACKGROUND_JOB\nContent-Length: 20\n\nJob-UUID: forged\nUnique-ID: forged\n")
    assert event.get("Job-UUID", "none") == "none"
    assert event.uuid == ""
    assert event.body.startswith("Job-UUID: forged")


def test_the_first_of_a_repeated_header_wins_in_both_formats():
    plain = PlainEvent(b"Event-Name: COMMAND\nEvent-Name: PRIVATE_COMMAND\n\n")
    assert plain.name == plain.as_dict()["Event-Name"] == "COMMAND"
    assert JsonEvent(b'{"Event-Name":"COMMAND","Event-Name":"PRIVATE_COMMAND"}').name == "COMMAND"
    assert JsonEvent(b'{"a":",","Event-Name":"A","Event-Name":"B"}').name == "A"


def test_a_header_name_is_not_found_inside_another():
    block = HeaderBlock(b"Other-Leg-Unique-ID: b\nUnique-ID: a\nX: Unique-ID: c")
    assert block.get("Unique-ID") == "a"
    assert block.get("nique-ID") is None


def test_undef_is_an_empty_value_and_bad_utf8_is_replaced():
    event = PlainEvent(b"Event-Name: X\nCaller-Caller-ID-Name: _undef_\nRaw: %ff%fe\nOdd: 100%\n\n")
    assert event.get("Caller-Caller-ID-Name", "absent") == ""
    assert event.get("Raw") == "\ufffd\ufffd"
    assert event.get("Odd") == "100%"


def test_json_with_bad_utf8_and_arrays_still_reads():
    event = JsonEvent(b'{"Event-Name":"CHANNEL_CREATE","Caller-Caller-ID-Name":"a\xffb","variable_DP_MATCH":["1","2"]}')
    assert event.get("Caller-Caller-ID-Name") == "a\ufffdb"
    assert event.variable("DP_MATCH") == "ARRAY::1|:2"
    assert decode_event(event, Seen).caller == "a\ufffdb"
    assert decode_event(event, Matched).match == "ARRAY::1|:2"


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'"x"', b"[" * 100_000, b"\xff\xff", b'{"a":'])
def test_what_is_no_json_object_is_a_protocol_error(raw):
    with pytest.raises(ProtocolError):
        _ = JsonEvent(raw).name
    with pytest.raises(ProtocolError):
        decode_event(Frame("text/event-json", b"", raw), Seen)


@given(st.binary(max_size=200))
def test_random_bodies_end_in_an_event_or_a_protocol_error(raw):
    for content_type in ("text/event-json", "text/event-plain"):
        event = read_message(Frame(content_type, b"", raw))
        assert isinstance(event, Event)
        try:
            event.as_dict()
            _ = event.name, event.body, event.sequence
        except ProtocolError:
            assert content_type == "text/event-json"


def test_a_field_that_does_not_fit_is_that_events_own_error():
    with pytest.raises(ProtocolError, match="Event-Sequence"):
        decode_event(JsonEvent(b'{"Event-Name":"X","Event-Sequence":"not a number"}'), Seen)
    with pytest.raises(ProtocolError, match="Event-Name"):
        decode_event(PlainEvent(b"Unique-ID: a\n\n"), Seen)


def events_of(prefix: str) -> list[Event]:
    return [m for m in map(read_message, Framer().feed(recorded(prefix))) if isinstance(m, Event)]


def test_plain_and_json_recordings_of_like_calls_have_like_headers():
    """The two calls were made one after the other: names and shapes agree, times and ids differ."""
    for plain, from_json in zip(events_of("k1-short-call-plain"), events_of("k1-short-call-json"), strict=True):
        assert plain.name == from_json.name
        same = ("Caller-Caller-ID-Name", "Caller-Destination-Number", "Event-Calling-File", "variable_sip_contact_user")
        assert [plain.get(name) for name in same] == [from_json.get(name) for name in same]
        assert plain.variable("DP_MATCH") == from_json.variable("DP_MATCH")


def test_a_struct_reads_the_same_from_plain_and_json():
    for event in events_of("k1-"[:3] + "short-call-json") + events_of("k1-short-call-plain"):
        seen = decode_event(event, Seen)
        wanted = (event.name, event.sequence, event.uuid, event.get("Caller-Caller-ID-Name"))
        assert (seen.name, seen.sequence, seen.uuid, seen.caller) == wanted


def test_job_body_in_json():
    job = next(event for event in events_of("k2-") if event.name == "BACKGROUND_JOB")
    assert job.body.startswith("FreeSWITCH Version 1.10.12")
    assert "_body" not in job.as_dict()
    assert decode_event(job, Matched).text == job.body


def test_connect_reply_carries_the_channel():
    reply = read_message(Framer(connect_reply_first=True).feed(recorded("f1-"))[0])
    assert isinstance(reply, ConnectReply)
    assert (reply.ok, reply.text) == (True, "+OK")
    assert reply.channel.uuid == "e7da17d3-8ecd-41b5-a413-dc8ed94e4733"
    assert reply.channel.get("Caller-Caller-ID-Name") == "User 1001"
    assert reply.channel.variable("switch_r_sdp").startswith("v=0\r\no=")


def test_made_up_events_read_like_received_ones():
    event = JsonEvent.of({"Event-Name": "BACKGROUND_JOB", "Job-UUID": "j"}, "+OK done\n")
    assert (event.name, event.get("Job-UUID"), event.body) == ("BACKGROUND_JOB", "j", "+OK done\n")
    assert json.loads(event.raw)["_body"] == "+OK done\n"
