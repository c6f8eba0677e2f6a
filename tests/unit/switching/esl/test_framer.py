"""Bytes into frames: every recording parses whole, cuts do not matter, limits hold, hostile bytes end in one error."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.switching.esl.errors import ProtocolError
from apps.switching.esl.events import Event
from apps.switching.esl.framer import Frame, Framer, Limits
from apps.switching.esl.messages import read_message
from tests.unit.switching.esl.support import OUTBOUND, TRANSCRIPTS, plain_event, raw_frames, recorded, reply

SMALL = ("a1-", "b2-", "k1-short-call-json", "k2-", "m1-", "f4-")
MIXED = recorded("b2-") + recorded("k2-").split(b"\n\n", 1)[1] + recorded("m1-").split(b"\n\n", 1)[1]


def framer_for(name: str) -> Framer:
    return Framer(connect_reply_first=bool(OUTBOUND.match(name)))


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_every_recording_parses_with_nothing_left(name):
    data = recorded(name)
    framer = framer_for(name)
    frames = framer.feed(data)
    assert framer.fault is None
    assert framer.buffered == 0
    assert [len(frame.head) + 2 + len(frame.body) for frame in frames] == [len(raw) for raw in raw_frames(data)]
    for message in map(read_message, frames):
        if isinstance(message, Event):
            assert message.name
            assert message.sequence > 0


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("step", [1, 2, 3, 1448])
def test_fixed_cuts_give_the_same_frames(name, step):
    data = recorded(name)
    framer = framer_for(name)
    frames = [frame for at in range(0, len(data), step) for frame in framer.feed(data[at : at + step])]
    assert frames == framer_for(name).feed(data)


@given(st.lists(st.integers(0, len(MIXED)), max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_cut_gives_the_same_frames(cuts):
    edges = [0, *sorted(cuts), len(MIXED)]
    framer = Framer()
    frames = [frame for a, b in pairwise(edges) for frame in framer.feed(MIXED[a:b])]
    assert frames == Framer().feed(MIXED)


def outcome(pieces: list[bytes]) -> tuple[list[Frame], bool]:
    framer = Framer(Limits(head=400, connect_head=400, body=5000))
    frames: list[Frame] = []
    try:
        for piece in pieces:
            frames += framer.feed(piece)
        framer.feed(b"")
    except ProtocolError:
        return frames, True
    return frames, False


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=300),
            st.sampled_from(
                [
                    reply("+OK"),
                    plain_event(b"Event-Name: X\n\n"),
                    b"Content-Length: -1\n\n",
                    b"Content-Length: 5000\n",
                    b"Content-Length: 7\nContent-Length: 8\n\n",
                    b"content-length: 3\ncontent-length: 3\n\nabc",
                    b"\n",
                    b"A: " + b"x" * 396 + b"\n\n",
                    b"A: " + b"x" * 399 + b"\n\n",
                ]
            ),
        ),
        max_size=8,
    ),
    st.lists(st.integers(0, 2000), max_size=12),
)
@settings(max_examples=400, deadline=None)
def test_hostile_bytes_give_the_same_frames_and_fault_however_cut(parts, cuts):
    data = b"".join(parts)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(edges)]
    assert outcome(pieces) == outcome([data])


@pytest.mark.parametrize(
    "length", [b"-1", b"+5", b"0x10", b"1e3", b" ", b"", b"5 5", b"99999999999999", b"\xd9\xa3", b"5,5", b"5.0", b"1_0"]
)
def test_odd_lengths_are_refused(length):
    with pytest.raises(ProtocolError):
        Framer().feed(b"Content-Type: api/response\nContent-Length: " + length + b"\n\nabcdef")


def test_two_lengths_that_differ_are_refused():
    with pytest.raises(ProtocolError):
        Framer().feed(b"Content-Length: 1\nContent-Type: text/event-json\nContent-Length: 2\n\n{}")


def test_length_counts_bytes_not_letters():
    body = "Zoë 日本".encode()
    frames = Framer().feed(b"Content-Type: api/response\nContent-Length: %d\n\n" % len(body) + body + reply("+OK"))
    assert [frame.body for frame in frames] == [body, b""]


def test_body_over_the_limit_is_refused_before_it_is_held():
    framer = Framer(Limits(body=100))
    with pytest.raises(ProtocolError):
        framer.feed(b"Content-Length: 101\nContent-Type: text/event-json\n\n")
    assert framer.buffered == 0


def test_endless_head_is_refused_at_the_limit():
    framer = Framer(Limits(head=1000))
    for _ in range(10):
        framer.feed(b"x" * 100)
    with pytest.raises(ProtocolError):
        framer.feed(b"xx")
    assert framer.buffered == 0


def test_only_the_connect_reply_may_have_a_long_head():
    long_head = b"Event-Name: CHANNEL_DATA\nvariable_x: " + b"y" * 100_000 + b"\nContent-Type: command/reply\n\n"
    framer = Framer(connect_reply_first=True)
    assert len(framer.feed(long_head)) == 1
    with pytest.raises(ProtocolError):
        framer.feed(long_head)
    with pytest.raises(ProtocolError):
        Framer().feed(long_head)


def test_good_frames_before_a_fault_are_given_then_the_fault_is_raised():
    framer = Framer()
    assert len(framer.feed(reply("+OK") + b"\n\nnonsense")) == 1
    assert framer.fault is not None
    with pytest.raises(ProtocolError):
        framer.feed(b"")


def test_a_megabyte_body_in_small_pieces():
    body = bytes(range(256)) * 4096
    data = plain_event(body)
    framer = Framer()
    frames = [frame for at in range(0, len(data), 1448) for frame in framer.feed(data[at : at + 1448])]
    assert [frame.body for frame in frames] == [body]


@given(st.integers(0, len(MIXED) - 1), st.binary(min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_damaged_stream_ends_in_messages_or_a_protocol_error(at, damage):
    data = MIXED[:at] + damage + MIXED[at + len(damage) :]
    try:
        for frame in Framer().feed(data):
            message = read_message(frame)
            if isinstance(message, Event):
                message.as_dict()
                _ = message.name, message.sequence, message.body
    except ProtocolError:
        pass
