"""How fast events of the switch are read: ours, three Python clients from PyPI, and the machine's limits, in one run.

    python -m benchmarks.esl [--quick]

Every contender gets the same events from memory in rounds that take turns, and is measured in CPU time; medians are
shown. The peers run their own receive code, without a socket below it and without handlers above it (see
docs/benchmarks/esl.md).
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from apps.switching.esl.events import Event, PlainEvent, decode_event
from apps.switching.esl.framer import Framer
from apps.switching.esl.messages import read_message

RECORDINGS = Path(__file__).parents[1] / "tests" / "data" / "freeswitch"
CHUNK = 65_536
FIELDS = {
    "name": "Event-Name",
    "unique_id": "Unique-ID",
    "call_state": "Channel-Call-State",
    "caller_number": "Caller-Caller-ID-Number",
    "sequence": "Event-Sequence",
    "timestamp": "Event-Date-Timestamp",
    "core": "Core-UUID",
    "direction": "Call-Direction",
    "answer_state": "Answer-State",
    "caller_name": "Caller-Caller-ID-Name",
    "destination": "Caller-Destination-Number",
    "account_id": "variable_account_id",
}
FOUR = tuple(FIELDS.values())[:4]
TWELVE = tuple(FIELDS.values())
SWITCH_ORDER = (
    *("Event-Name", "Core-UUID", "Event-Date-Timestamp", "Event-Sequence", "Channel-Call-State", "Unique-ID"),
    *(
        "Call-Direction",
        "Answer-State",
        "Caller-Caller-ID-Name",
        "Caller-Caller-ID-Number",
        "Caller-Destination-Number",
    ),
)
"""FreeSWITCH writes these in this order, and all channel variables after them."""
FourFields = msgspec.defstruct("FourFields", [(name, str, "") for name in list(FIELDS)[:4]], rename=FIELDS)
TwelveFields = msgspec.defstruct("TwelveFields", [(name, str, "") for name in FIELDS], rename=FIELDS)


@dataclass
class Stream:
    """The same events as plain and as json wire bytes."""

    title: str
    events: int
    plain: bytes
    json: bytes


@dataclass
class Contender:
    """One row: `run` reads the whole stream and returns how many events it saw."""

    title: str
    wire: str
    run: Callable[[bytes], int]
    peer: bool = False
    seconds: list[float] = field(default_factory=list)


# --- the events ------------------------------------------------------------------------------------------------------


def frame(content_type: str, body: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: text/event-%s\n\n%s" % (len(body), content_type.encode(), body)


def make_stream(title: str, events: list[dict[str, str]]) -> Stream:
    plain, in_json = [], []
    for headers in events:
        lines = "".join(f"{name}: {quote(value, safe='/ ,()+') or '_undef_'}\n" for name, value in headers.items())
        plain.append(frame("plain", lines.replace(" ", "%20").replace(":%20", ": ").encode() + b"\n"))
        in_json.append(frame("json", json.dumps(headers, separators=(",", ":"), ensure_ascii=False).encode()))
    return Stream(title, len(events), b"".join(plain), b"".join(in_json))


def recorded_events() -> list[dict[str, str]]:
    """Every plain event of the recordings that has no body of its own (Genesis would wait for that a second time)."""
    events: list[dict[str, str]] = []
    for path in sorted(RECORDINGS.glob("[cde]*.s2c.bin")):
        messages = map(read_message, Framer().feed(path.read_bytes()))
        plain = (message for message in messages if isinstance(message, PlainEvent))
        events += [event.as_dict() for event in plain if not event.body]
    return events


def synthetic_events(count: int) -> list[dict[str, str]]:
    """Channel events as a busy PBX sends them: about 5.4 KB, one value in three percent-encoded."""
    chance = random.Random(1)  # the same stream in every run
    word = lambda: "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=chance.randint(4, 24)))  # noqa: E731
    events = []
    for number in range(count):
        headers = {
            "Event-Name": chance.choice(["CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_HANGUP"]),
            "Core-UUID": "8095539e-b0dc-4e25-beab-3cfaf57f79a5",
            "Event-Sequence": str(number),
            "Event-Date-Timestamp": str(1_795_394_732_317_451 + number),
            "Unique-ID": f"{chance.getrandbits(128):032x}",
            "Channel-Call-State": "RINGING",
            "Call-Direction": "inbound",
            "Answer-State": "ringing",
            "Caller-Caller-ID-Name": "Alice Example",
            "Caller-Caller-ID-Number": "+15550100",
            "Caller-Destination-Number": "+15550199",
            "variable_account_id": f"{chance.getrandbits(128):032x}",
        }
        variables = [("variable_account_id", headers.pop("variable_account_id"))]
        variables += [
            (f"variable_{word()}", f"sip:{word()}@{word()}" if chance.random() < 0.33 else word())
            for _ in range(chance.randint(75, 125))
        ]
        chance.shuffle(variables)
        events.append({name: headers[name] for name in SWITCH_ORDER} | dict(variables))
    return events


# --- ours ------------------------------------------------------------------------------------------------------------


def ours(each: Callable[[Any], Any] | None) -> Callable[[bytes], int]:
    """Our framer over 64 KB chunks, and for each frame what a consumer would do."""

    def run(data: bytes) -> int:
        framer = Framer()
        view = memoryview(data)
        seen = 0
        for at in range(0, len(data), CHUNK):
            frames = framer.feed(bytes(view[at : at + CHUNK]))
            seen += len(frames)
            if each is not None:
                for one in frames:
                    each(one)
        return seen

    return run


def lazily(names: tuple[str, ...]) -> Callable[[Any], Any]:
    def read(one: Any) -> list[str]:
        event = read_message(one)
        assert isinstance(event, Event)
        return [event.get(name) for name in names]

    return read


# --- the limits ------------------------------------------------------------------------------------------------------


def memory_scan(data: bytes) -> int:
    """One memchr pass for a byte that is not there, chunk by chunk."""
    view = memoryview(data)
    for at in range(0, len(data), CHUNK):
        bytes(view[at : at + CHUNK]).find(b"\0")
    return -1


def line_scan(data: bytes) -> int:
    """One memchr from line end to line end: what a reader of lines must do at least."""
    view = memoryview(data)
    for at in range(0, len(data), CHUNK):
        bytes(view[at : at + CHUNK]).count(b"\n")
    return -1


def memory_copy(data: bytes) -> int:
    """The chunking itself, which every other row pays for too."""
    view = memoryview(data)
    for at in range(0, len(data), CHUNK):
        bytes(view[at : at + CHUNK])
    return -1


# --- the peers -------------------------------------------------------------------------------------------------------


def greenswitch_run(data: bytes) -> int:
    """greenswitch's receive loop (`ESLProtocol.receive_events`) on a file in memory."""
    from greenswitch.esl import ESLProtocol

    protocol = ESLProtocol()
    protocol.sock = protocol.sock_file = io.BytesIO(data)
    protocol.connected = True
    protocol.receive_events()
    return int(protocol._esl_event_queue.qsize())


def switchio_run(data: bytes) -> int:
    """switchio's `InboundProtocol.data_received` on 64 KB chunks.

    Its package and constructor want names asyncio has dropped since; those are filled in, its parser is as published.
    """
    import logging
    import types
    from collections import deque

    if not hasattr(asyncio, "coroutine"):
        asyncio.coroutine = types.coroutine
    from switchio.protocol import InboundProtocol

    class Events(deque[Any]):
        put_nowait = deque.append

    protocol = InboundProtocol.__new__(InboundProtocol)
    protocol._segmented = {}, 0, ""
    protocol._futures_map = {}
    protocol.event_queue = Events()
    protocol.log = logging.getLogger("benchmarks.switchio")
    view = memoryview(data)
    for at in range(0, len(data), CHUNK):
        protocol.data_received(bytes(view[at : at + CHUNK]))
    return len(protocol.event_queue)


def genesis_run(data: bytes) -> int:
    """Genesis's receive task (`Protocol.handler`) on an asyncio StreamReader that holds everything already."""
    from genesis.protocol import Protocol

    total = data.count(b"Content-Type: text/event-plain\n\n")

    class Inbound(Protocol):  # type: ignore[misc]
        pass

    class Events:
        seen = 0

        async def put(self, event: Any) -> None:
            self.seen += 1
            if self.seen == total:
                protocol.is_connected = False

    async def main() -> None:
        protocol.reader = asyncio.StreamReader()
        protocol.reader.feed_data(data)
        protocol.reader.feed_eof()
        protocol.is_connected = True
        await protocol.handler()

    events = Events()
    protocol = Inbound()
    protocol.events = events
    asyncio.run(main())
    return events.seen


# --- the run ---------------------------------------------------------------------------------------------------------


def contenders() -> list[Contender]:
    rows = [
        Contender("limit: copying the chunks (memcpy)", "plain", memory_copy),
        Contender("limit: copying and one memchr pass", "plain", memory_scan),
        Contender("limit: copying, memchr line by line", "plain", line_scan),
        Contender("ours: framing only, plain", "plain", ours(None)),
        Contender("ours: framing only, json", "json", ours(None)),
        Contender("ours: json, struct of 4 fields", "json", ours(lambda one: decode_event(one, FourFields))),
        Contender("ours: json, struct of 12 fields", "json", ours(lambda one: decode_event(one, TwelveFields))),
        Contender("ours: json, every header", "json", ours(lambda one: read_message(one).as_dict())),
        Contender("ours: plain, 4 headers lazily", "plain", ours(lazily(FOUR))),
        Contender("ours: plain, 12 headers lazily", "plain", ours(lazily(TWELVE))),
        Contender("ours: plain, every header", "plain", ours(lambda one: read_message(one).as_dict())),
    ]
    peers = [
        ("greenswitch 0.0.19", greenswitch_run),
        ("switchio 0.1.0a1", switchio_run),
        ("Genesis 0.3.5", genesis_run),
    ]
    return rows + [Contender(f"{title}, every header", "plain", run, peer=True) for title, run in peers]


def measure(stream: Stream, seconds: float) -> list[Contender]:
    """Rounds in which every contender has its turn, until the time is up (three rounds at least)."""
    rows = contenders()
    warm_up = make_stream("", synthetic_events(3))
    for row in rows:
        row.run(warm_up.json if row.wire == "json" else warm_up.plain)  # imports and caches do not count
    started = time.perf_counter()
    rounds = 0
    while rounds < 3 or time.perf_counter() - started < seconds:
        for row in rows if rounds % 2 else reversed(rows):
            data = stream.json if row.wire == "json" else stream.plain
            before = time.process_time()
            seen = row.run(data)
            row.seconds.append(time.process_time() - before)
            if seen not in (-1, stream.events):
                raise SystemExit(f"{row.title} read {seen} of {stream.events} events")
        rounds += 1
    return rows


def report(stream: Stream, rows: list[Contender]) -> float:
    """Print the table; returns how many times faster 12 fields are than the fastest peer."""
    medians = {row.title: statistics.median(row.seconds) for row in rows}
    peer = min((row for row in rows if row.peer), key=lambda row: medians[row.title])
    base = medians[peer.title]
    scan = medians["limit: copying and one memchr pass"]
    print(
        f"\n{stream.title}: {stream.events} events, mean {len(stream.plain) / stream.events / 1000:.1f} kB plain, ",
        end="",
    )
    print(f"{len(stream.json) / stream.events / 1000:.1f} kB json; {len(rows[0].seconds)} rounds")
    print(f"{'':38}{'µs/event':>10}{'events/s':>12}{'MB/s':>9}{'x ' + peer.title.split()[0]:>15}{'x scan':>9}")
    for row in rows:
        spent = medians[row.title]
        size = len(stream.json if row.wire == "json" else stream.plain)
        print(
            f"{row.title:38}{spent / stream.events * 1e6:>10.2f}{stream.events / spent:>12,.0f}"
            f"{size / spent / 1e6:>9,.0f}{base / spent:>15.2f}{spent / scan:>9.1f}"
        )
    return base / medians["ours: json, struct of 12 fields"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Events per second, beside other clients and the machine's limits.")
    parser.add_argument("--quick", action="store_true", help="shorter: under 15 seconds")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the peers' own
    budget = 3.0 if options.quick else 20.0
    count = 600 if options.quick else 1500
    recorded = recorded_events()
    streams = [
        make_stream("Synthetic stream", synthetic_events(count)),
        make_stream("Events recorded from FreeSWITCH 1.10.12", (recorded * 5)[:count]),
    ]
    for stream in streams:
        gain = report(stream, measure(stream, budget))
        verdict = "reached" if gain >= 8 else "MISSED"
        print(f"12 fields we use against the fastest Python peer: {gain:.1f} times (aim: 8, {verdict})")


if __name__ == "__main__":
    main()
