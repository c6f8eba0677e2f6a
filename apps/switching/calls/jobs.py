"""Originates that happen once. A job has an id of ours; who begins it notes that in Valkey, and whoever comes after
finds the note and does not begin it again: a second try may tell of the call, but never makes another."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass

from apps.foundation.events.publishing import client

KEPT_SECONDS = 24 * 3600
_STARTED = "started"


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """`text` is the answered channel's uuid, or the switch's word for why not (`NO_ANSWER`, `USER_BUSY` …)."""

    ok: bool
    text: str


def begin(job_id: str) -> bool:
    """Whether the caller is the first, and is to do it."""
    return bool(client().set(_key(job_id), _STARTED, nx=True, ex=KEPT_SECONDS))


def give_back(job_id: str) -> None:
    """Nothing was sent: somebody else may begin it."""
    client().delete(_key(job_id))


def finish(job_id: str, outcome: JobOutcome) -> None:
    client().set(_key(job_id), json.dumps(asdict(outcome)), ex=KEPT_SECONDS)


def outcome_of(job_id: str) -> JobOutcome | None:
    """How it ended, None while it has not."""
    found = client().get(_key(job_id))
    text = found.decode() if isinstance(found, bytes) else ""
    return JobOutcome(**json.loads(text)) if text.startswith("{") else None


def wait_for(job_id: str, seconds: float) -> JobOutcome | None:
    """How it ended, or None where it did not within `seconds`."""
    deadline = time.monotonic() + seconds
    while (found := outcome_of(job_id)) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _key(job_id: str) -> str:
    return f"kazoo:job:{job_id}"
