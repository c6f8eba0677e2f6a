"""Events leave on commit, from actions only.

Publishing costs one PUBLISH per transaction (or per batch of switch events), and for durable events one INSERT and one
DELETE; see `apps.foundation.events.outbox`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from apps.foundation.events import outbox
from apps.foundation.events.event import Event
from apps.foundation.events.live import CHANNEL, announce, client

__all__ = ["CHANNEL", "client", "publish", "send"]


def publish(*events: Event) -> None:
    """Tell after the current transaction commits; at once where there is none. Durable events are written to the outbox
    in that transaction."""
    transaction.on_commit(partial(outbox.deliver, outbox.write(events)), robust=True)


def send(events: Sequence[Event]) -> None:
    """Tell whoever listens now, and nobody else."""
    announce([outbox.told(event) for event in events])
