"""What must not be lost between a commit and the broker.

`write` and `enqueue` put a row into the outbox in the current transaction; where that is rolled back nothing was ever
said. Once it has committed, the process that wrote the rows hands them over and deletes them. Where it cannot, because
it was killed or the broker is away, the rows are still there and `relay` hands them over. So everything arrives at
least once, under the same id, and whoever receives it asks `first_time`.

Costs one INSERT and one DELETE for the events of a transaction and one of each for a task, whatever the size of the
table, which is deleted from as fast as it is written. What is handed over late comes after what was written since:
`Told.at` says when it happened.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from celery import Task, current_app
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, transaction
from kombu.exceptions import OperationalError

from apps.foundation.events.event import Event
from apps.foundation.events.live import announce
from apps.foundation.events.models import Kind, OutboxEntry
from apps.foundation.events.reactions import Told, readers
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id

log = logging.getLogger(__name__)
#: How long the process that wrote a row has to hand it over before `relay` does.
OWN_TIME = timedelta(seconds=10)
BATCH = 500
#: Between two tries of `relay`: 2 s, doubled each time up to this.
LONGEST_PAUSE = 600
#: How long a process leaves a broker alone that was away. Seconds.
PATIENCE = 5.0
#: What a broker that is away raises, by itself or through Celery.
AWAY = (OperationalError, OSError)

_away_until = 0.0


def told(event: Event) -> Told:
    """The event as it is told, under an id of its own."""
    kind = type(event)
    return Told(new_id(), event.account_id, event.key, kind.__name__, kind.version, now().timestamp(), event.data())


def write(events: Sequence[Event]) -> list[tuple[int, Told]]:
    """Write the durable ones of `events`; every one comes back as it is told, with the row's number or 0."""
    moment = now()
    everything = [told(event) for event in events]
    rows = [
        OutboxEntry(
            uid=one.id,
            kind=Kind.EVENT,
            account_id=one.account_id,
            name=one.type,
            content=_plain(one.to_json()),
            created=moment,
            due=moment + OWN_TIME,
        )
        for event, one in zip(events, everything, strict=True)
        if event.durable
    ]
    if not rows:
        return [(0, one) for one in everything]
    OutboxEntry.objects.bulk_create(rows)
    numbers = {row.uid: row.sequence for row in rows}
    return [(numbers.get(one.id, 0), _stamped(one, rows[0].transaction_id)) for one in everything]


def enqueue(task: Task[Any, Any], *arguments: Any, in_seconds: float = 0, **named: Any) -> str:
    """Have a task run after the commit, `in_seconds` later; it is begun even where this process is killed or the broker
    is away. Returns the task's id, which it has every time it is begun (`self.request.id`).

    Like everything in a queue it may run twice. Raises TypeError for arguments that are no JSON.
    """
    moment = now()
    row = OutboxEntry.objects.create(
        uid=new_id(),
        kind=Kind.TASK,
        name=task.name,
        content=_plain({"arguments": arguments, "named": named}),
        created=moment,
        due=moment + (timedelta(seconds=in_seconds) if in_seconds else OWN_TIME),
    )
    if not in_seconds:
        transaction.on_commit(lambda: begin([row]), robust=True)
    return row.uid


def deliver(written: Sequence[tuple[int, Told]]) -> None:
    """Tell events that have just been committed, and delete their rows."""
    heard = announce([one for _number, one in written])
    durable = [(number, one) for number, one in written if number]
    if durable and heard and _hand_to_readers([one for _number, one in durable]):
        _delete(number for number, _one in durable)


def begin(rows: Sequence[OutboxEntry]) -> None:
    """Begin tasks that have just been committed, and delete their rows."""
    _delete([row.sequence for row in rows if _try_to_begin(row)])


def relay() -> int:
    """Hand over whatever is due, oldest first. Answers how much was. Several may run: none takes what another has.

    O(rows that are due), by the index on `due`. A process killed here leaves its batch as it was.
    """
    handed = 0
    while True:
        with transaction.atomic():
            due = OutboxEntry.objects.filter(due__lte=now()).order_by("due", "sequence")
            rows = list(due.select_for_update(skip_locked=True)[:BATCH])
            done = _relay(sorted(rows, key=lambda row: row.sequence))
            _delete(done)
            _put_off([row for row in rows if row.sequence not in done])
        handed += len(done)
        if len(rows) < BATCH:
            return handed


def _relay(rows: Sequence[OutboxEntry]) -> set[int]:
    events = [row for row in rows if row.kind == Kind.EVENT]
    found = [_stamped(Told(**row.content), row.transaction_id) for row in events]
    done = {row.sequence for row in rows if row.kind == Kind.TASK and _try_to_begin(row)}
    if found and announce(found) and _hand_to_readers(found):
        done |= {row.sequence for row in events}
    return done


def _hand_to_readers(events: Sequence[Told]) -> bool:
    for reader in readers():
        if wanted := reader.interested_in(events):
            arguments = [reader.name, [_plain(one.to_json()) for one in wanted]]
            if not _send("events.react", arguments, {}, f"{wanted[0].id}-{reader.name}"):
                return False
    return True


def _try_to_begin(row: OutboxEntry) -> bool:
    return _send(row.name, row.content["arguments"], row.content["named"], row.uid)


def _send(name: str, arguments: list[Any], named: dict[str, Any], uid: str) -> bool:
    """False where the broker is away. Once it was, nobody waits for it for a while: the relay will try."""
    global _away_until
    if time.monotonic() < _away_until:
        return False
    try:
        task = current_app.tasks.get(name)
        if task is not None:
            task.apply_async(tuple(arguments), named, task_id=uid, retry=False)
        else:
            current_app.send_task(name, arguments, named, task_id=uid, retry=False)
    except AWAY as error:
        _away_until = time.monotonic() + PATIENCE
        log.warning("%s waits in the outbox: %s", name, error)
        return False
    return True


def _delete(numbers: Iterable[int]) -> None:
    found = list(numbers)
    if not found:
        return
    try:
        OutboxEntry.objects.filter(sequence__in=found).delete()
    except DatabaseError:  # they are handed over a second time, and known by their ids
        log.warning("%d rows of the outbox could not be deleted", len(found), exc_info=True)


def _put_off(rows: Sequence[OutboxEntry]) -> None:
    for row in rows:
        row.attempts += 1
        row.due = now() + timedelta(seconds=min(2 ** min(row.attempts, 20), LONGEST_PAUSE))
        row.error = "could not be handed over"
    OutboxEntry.objects.bulk_update(rows, ["attempts", "due", "error"])


def _stamped(event: Told, transaction_id: int) -> Told:
    return Told(**{**event.to_json(), "transaction": transaction_id})


def _plain(content: Any) -> Any:
    """As it comes out of JSON. Raises TypeError."""
    return json.loads(json.dumps(content, cls=DjangoJSONEncoder))
