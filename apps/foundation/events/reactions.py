"""Who reacts to durable events, for instance by calling a customer's webhook.

    @reacts_to("webhooks", "call.", "object.")
    def deliver(event: Told) -> None: ...

The function runs in a worker, inside the event's account and inside a transaction that also notes that it has run: it
takes effect once, however often the event arrives. What it sends to the world outside it hands to a task of its own
(`outbox.enqueue`), which passes `event.id` on.

Events of one transaction arrive in one task, in their order. `wanted` thins them out before anything is queued: it is
given a transaction's events in the process that published them, and answers those that are worth a task.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from django.db import transaction
from django.utils.module_loading import autodiscover_modules

from apps.foundation.accounts.scope import AccountUnknown, account_scope
from apps.foundation.events.handled import first_time


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is told. `type` is its class, `at` POSIX seconds; `transaction` is PostgreSQL's id of the
    transaction that made it true, 0 where that is not known."""

    id: str
    account_id: str
    key: str
    type: str
    version: int
    at: float
    data: dict[str, Any]
    transaction: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Reaction = Callable[[Told], None]
Wanted = Callable[[Sequence[Told]], Sequence[Told]]


@dataclass(frozen=True, slots=True)
class Reader:
    name: str
    prefixes: tuple[str, ...]
    react: Reaction
    wanted: Wanted

    def interested_in(self, events: Sequence[Told]) -> list[Told]:
        mine = [event for event in events if event.key.startswith(self.prefixes)]
        return list(self.wanted(mine)) if mine else []


class DuplicateReader(Exception):
    """Two functions claim one name."""


_readers: dict[str, Reader] = {}


def reacts_to(name: str, *prefixes: str, wanted: Wanted = lambda events: events) -> Callable[[Reaction], Reaction]:
    """Register who reacts to durable events whose key begins with one of `prefixes`. `name` stays the same for ever:
    what has been handled is remembered under it. An app's reactions are in its `reactions.py`: whoever publishes loads
    those of all apps."""

    def register(function: Reaction) -> Reaction:
        known = _readers.setdefault(name, Reader(name, prefixes, function, wanted))
        if (known.react.__module__, known.react.__qualname__) != (function.__module__, function.__qualname__):
            raise DuplicateReader(name)
        return function

    return register


def readers() -> list[Reader]:
    """Everybody who reacts, also to events of apps this process has not used yet."""
    _load()
    return list(_readers.values())


@cache
def _load() -> None:
    autodiscover_modules("reactions")


def react(name: str, events: Sequence[Told]) -> int:
    """Have the reader deal with those events it has not dealt with yet. Answers how many. Raises what it raises."""
    _load()
    reader, done = _readers[name], 0
    for event in events:
        try:
            with account_scope(event.account_id), transaction.atomic():
                if first_time(name, event.id):
                    reader.react(event)
                    done += 1
        except AccountUnknown:
            continue
    return done
