"""Reads about recordings, inside `account_scope`."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import first_of_month
from apps.pbx.recordings.models import Recording, RecordingState

#: A call may last long, but not this long.
_RECENT = timedelta(days=32)


def running(call_id: str) -> QuerySet[Recording]:
    """What is being recorded of a channel now."""
    return recent(call_id).filter(state=RecordingState.RECORDING)


def recent(call_id: str) -> QuerySet[Recording]:
    """What was recorded of a channel."""
    since = first_of_month(now() - _RECENT).date()
    return Recording.objects.filter(call_id=call_id, month__gte=since)


def running_named(call_id: str, name: str = "", *, transferred: bool = False) -> list[str]:
    """Ids of what is being recorded of a channel, newest first; with a `name` only what is called or labelled so, with
    `transferred` only what ends with a transfer."""
    rows = running(call_id).order_by("-started", "-id")
    return [
        row.id
        for row in rows
        if (not name or name in (row.name, row.wanted.get("label")))
        and (not transferred or row.wanted.get("follow_transfer") is False)
    ]


def cdr_of(recording: Recording) -> str:
    """The id of the channel's call record. Where it is not in yet, the one it is going to have."""
    found: Any = CallRecord.objects.filter(call_id=recording.call_id).values_list("id", flat=True).first()
    naming = f"{recording.switch}/{recording.call_id}".encode()
    return found or monthly_id(recording.started, hashlib.md5(naming, usedforsecurity=False).hexdigest())
