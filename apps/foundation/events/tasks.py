"""Handing over what the outbox holds, and reacting to events."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.foundation.events import outbox
from apps.foundation.events.handled import forget_handled
from apps.foundation.events.reactions import Told
from apps.foundation.events.reactions import react as react_to


@shared_task(name="events.relay", ignore_result=True, expires=10)
def relay() -> int:
    """Hand over what was left in the outbox."""
    return outbox.relay()


@shared_task(name="events.react", autoretry_for=(Exception,), retry_backoff=2, retry_backoff_max=600, max_retries=20)
def react(reader: str, events: list[dict[str, Any]]) -> int:
    """Have somebody who registered for these events deal with them, and again until that succeeds."""
    return react_to(reader, [Told(**event) for event in events])


@shared_task(name="events.forget_handled")
def forget() -> int:
    """Forget what was handled long ago."""
    return forget_handled()
