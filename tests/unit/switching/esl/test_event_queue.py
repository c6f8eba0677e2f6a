"""Shedding by class, counting, and what the switch's running numbers tell."""

import asyncio

import pytest

from apps.switching.esl.event_queue import EventClass, EventQueue, SequenceWatch, classify
from apps.switching.esl.events import JsonEvent
from apps.switching.esl.framer import Framer
from apps.switching.esl.messages import read_message
from tests.unit.switching.esl.support import recorded


def event(name, sequence=None, subclass="", core="c1"):
    headers = {"Event-Name": name, "Core-UUID": core}
    if subclass:
        headers["Event-Subclass"] = subclass
    if sequence is not None:
        headers["Event-Sequence"] = str(sequence)
    return JsonEvent.of(headers)


def register(sequence=None):
    return event("CUSTOM", sequence, "sofia::register")


def test_classes():
    assert classify(event("CHANNEL_ANSWER")) is EventClass.CALL
    assert classify(event("BACKGROUND_JOB")) is EventClass.CALL
    assert classify(register()) is EventClass.REGISTRATION
    assert classify(event("PRESENCE_IN")) is EventClass.REGISTRATION
    assert classify(event("HEARTBEAT")) is EventClass.OTHER
    assert classify(event("CUSTOM", subclass="conference::maintenance")) is EventClass.OTHER


async def test_order_of_arrival_is_kept_over_all_classes():
    queue = EventQueue()
    names = ["CHANNEL_CREATE", "HEARTBEAT", "CHANNEL_ANSWER", "PRESENCE_IN", "CHANNEL_HANGUP"]
    for name in names:
        queue.put(event(name))
    assert [(await queue.get()).name for _ in names] == names


async def test_registrations_are_shed_first_and_calls_last():
    queue = EventQueue(4)
    for each in (register(), event("HEARTBEAT"), event("CHANNEL_CREATE"), register()):
        queue.put(each)
    for _ in range(3):
        queue.put(event("CHANNEL_ANSWER"))
    assert queue.shed == {EventClass.REGISTRATION: 2, EventClass.OTHER: 1, EventClass.CALL: 0}
    assert not queue.needs_resync
    queue.put(register())
    assert queue.shed[EventClass.REGISTRATION] == 3
    queue.put(event("CHANNEL_HANGUP"))
    assert queue.shed[EventClass.CALL] == 1
    assert queue.needs_resync
    assert [(await queue.get()).name for _ in range(len(queue))] == [*["CHANNEL_ANSWER"] * 3, "CHANNEL_HANGUP"]
    queue.resynced()
    assert not queue.needs_resync


async def test_get_waits_and_batches_gather():
    queue = EventQueue()
    batch = asyncio.ensure_future(queue.get_batch(3, wait=5.0))
    await asyncio.sleep(0)
    for number in range(4):
        queue.put(event("CHANNEL_CREATE", number))
        await asyncio.sleep(0)
    assert [each.sequence for each in await batch] == [0, 1, 2]
    assert [each.sequence for each in await queue.get_batch(3, wait=0.01)] == [3]


def test_missing_numbers_are_counted_and_late_ones_taken_back():
    watch = SequenceWatch()
    for sequence in (10, 11, 14, 12):
        watch.note(event("X", sequence))
    assert (watch.missing, watch.last, watch.restarted) == (1, 14, False)


def test_a_recording_of_all_events_misses_nothing_from_start_to_end():
    watch = SequenceWatch()
    messages = map(read_message, Framer().feed(recorded("d1-")))
    for message in messages:
        if hasattr(message, "sequence"):
            watch.note(message)
    assert not watch.restarted


@pytest.mark.parametrize("fresh", [event("X", 5, core="c2"), event("X", 5)])
def test_a_restarted_switch_is_noticed(fresh):
    watch = SequenceWatch()
    watch.note(event("X", 500_000))
    watch.note(fresh)
    assert watch.restarted
    watch.acknowledge()
    watch.note(event("X", 6, core=fresh.get("Core-UUID")))
    assert not watch.restarted


def test_a_queue_holds_something():
    with pytest.raises(ValueError):
        EventQueue(0)
