"""A bounded queue between the reader, which may never wait, and a consumer that may be slow.

When it is full something is shed, the least missed first: what tells of registrations (the phone registers again), then
everything else, and calls last. What was shed is counted per class, and a shed call event asks for a resynchronisation.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import IntEnum

from apps.switching.esl.events import Event


class EventClass(IntEnum):
    """In the order in which they are shed."""

    REGISTRATION = 0
    OTHER = 1
    CALL = 2


_CALL_PREFIXES = ("CHANNEL_", "CALL_", "DTMF", "BACKGROUND_JOB", "RECORD_", "PLAYBACK_")
_REGISTRATION_SUBCLASSES = frozenset(
    f"sofia::{kind}"
    for kind in (
        "register",
        "unregister",
        "expire",
        "pre_register",
        "register_attempt",
        "register_failure",
        "reregister",
    )
)
_REGISTRATION_NAMES = frozenset({"MESSAGE_QUERY", "PRESENCE_IN", "PRESENCE_PROBE"})


def classify(event: Event) -> EventClass:
    """The class an event is shed by."""
    name = event.name
    if name.startswith(_CALL_PREFIXES):
        return EventClass.CALL
    if name in _REGISTRATION_NAMES or (name == "CUSTOM" and event.subclass in _REGISTRATION_SUBCLASSES):
        return EventClass.REGISTRATION
    return EventClass.OTHER


class SequenceWatch:
    """Watches `Event-Sequence`, the switch's running number over *all* its events.

    Neighbours overtake each other by a few (the switch dispatches in several threads), and numbers of events we did
    not subscribe to are missing by right. So `missing` means loss only for a listener of ALL; `restarted` is certain:
    the numbers fell by more than `overtaking` (or the switch's Core-UUID changed), the switch began anew and its
    state must be read again.
    """

    def __init__(self, overtaking: int = 10_000) -> None:
        self.last = -1
        self.missing = 0
        self.restarted = False
        self._overtaking = overtaking
        self._core = ""

    def note(self, event: Event) -> None:
        """Take the next event into account."""
        sequence = event.sequence
        if sequence < 0:
            return
        core = event.get("Core-UUID")
        if (self._core and core != self._core) or sequence < self.last - self._overtaking:
            self.restarted = True
            self.last = sequence
        elif self.last < 0:
            self.last = sequence
        elif sequence > self.last:
            self.missing += sequence - self.last - 1
            self.last = sequence
        elif self.missing:
            self.missing -= 1  # a late one: counted missing when it was overtaken
        self._core = core

    def acknowledge(self) -> None:
        """The consumer has resynchronised."""
        self.restarted = False
        self.missing = 0


class EventQueue:
    """`put` never waits; `get` and `get_batch` do. Holds at most `size` events."""

    def __init__(self, size: int = 20_000, classify: Callable[[Event], EventClass] = classify) -> None:
        if size < 1:
            raise ValueError("a queue holds at least one event")
        self.size = size
        self.shed: dict[EventClass, int] = dict.fromkeys(EventClass, 0)
        self.sequence = SequenceWatch()
        self._classify = classify
        self._lanes: dict[EventClass, deque[tuple[int, Event]]] = {each: deque() for each in EventClass}
        self._count = 0
        self._arrivals = 0
        self._calls_shed = False
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return self._count

    @property
    def needs_resync(self) -> bool:
        """Whether the consumer's picture of calls may be wrong: a call event was shed, or the switch began anew."""
        return self._calls_shed or self.sequence.restarted

    def resynced(self) -> None:
        """The consumer has read the switch's state again."""
        self._calls_shed = False
        self.sequence.acknowledge()

    def put(self, event: Event) -> None:
        """Add an event, shedding one if full: the oldest of the lowest class, be it the new one's own or below."""
        self.sequence.note(event)
        event_class = self._classify(event)
        if self._count >= self.size:
            victim = next(each for each in EventClass if self._lanes[each] or each is event_class)
            self.shed[victim] += 1
            if victim is EventClass.CALL:
                self._calls_shed = True
            if not self._lanes[victim]:
                return  # nothing held is worth less than the new one
            self._lanes[victim].popleft()
            self._count -= 1
        self._lanes[event_class].append((self._arrivals, event))
        self._arrivals += 1
        self._count += 1
        self._filled.set()

    async def get(self) -> Event:
        """The oldest event held, of whatever class."""
        while not self._count:
            self._filled.clear()
            await self._filled.wait()
        return self._pop()

    async def get_batch(self, most: int = 200, wait: float = 0.05) -> list[Event]:
        """One event at least and `most` at most, waiting up to `wait` seconds after the first for more."""
        batch = [await self.get()]
        deadline = asyncio.get_running_loop().time() + wait
        while len(batch) < most:
            if self._count:
                batch.append(self._pop())
                continue
            try:
                async with asyncio.timeout_at(deadline):
                    batch.append(await self.get())
            except TimeoutError:
                break
        return batch

    def _pop(self) -> Event:
        lane = min((lane for lane in self._lanes.values() if lane), key=lambda lane: lane[0][0])
        self._count -= 1
        return lane.popleft()[1]
