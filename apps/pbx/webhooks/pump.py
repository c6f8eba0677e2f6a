"""Sending what is due: some dozens of requests at once, in threads, and their outcomes one by one.

No receiver can hold up the others: each has a few threads at the most, ten seconds, and rests when it fails. Nothing is
lost with a process that is killed: what it was sending is due again when its lease has run out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from apps.foundation.kit.clock import now
from apps.foundation.kit.secrets import SecretUnreadable
from apps.pbx.webhooks.models import Delivery, State, Webhook
from apps.pbx.webhooks.outcomes import PATIENCE, note
from apps.pbx.webhooks.sending import Outcome, Outgoing, attempt

log = logging.getLogger(__name__)
#: Requests at once of one process, and of one webhook in all processes; of one that fails, one.
THREADS, AT_ONCE = 32, 4
#: When something that is being sent is taken for lost; longer than any request takes.
LEASE = timedelta(seconds=60)
#: How long one task goes on at the most before others have their turn. Seconds.
TURN = 20.0
#: Processes that send at once, so that most of the workers are left for other tasks.
SENDERS = 2
_LOCK = 4_240_931

_READY = """
    SELECT ready.id FROM (
        SELECT id AS lane, CASE WHEN failures >= %(patience)s THEN 1 ELSE %(at_once)s END AS at_once
        FROM public.webhooks_webhook
        WHERE enabled AND deleted IS NULL AND (resting_until IS NULL OR resting_until <= %(now)s)
        UNION ALL
        SELECT DISTINCT lane, %(at_once)s FROM public.webhooks_delivery
        WHERE state IN ('waiting', 'sending') AND hook_id = ''
    ) lanes CROSS JOIN LATERAL (
        SELECT id, due FROM public.webhooks_delivery delivery
        WHERE delivery.lane = lanes.lane AND state IN ('waiting', 'sending') AND due <= %(now)s
        ORDER BY due LIMIT greatest(0, lanes.at_once - (
            SELECT count(*) FROM public.webhooks_delivery busy
            WHERE busy.lane = lanes.lane AND busy.state = 'sending' AND busy.due > %(now)s
        ))
    ) ready ORDER BY ready.due LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """`document` is the webhook's, or the delivery's own target."""

    delivery_id: str
    out: Outgoing
    document: Mapping[str, Any]


def run(seconds: float = TURN) -> int:
    """Send what is due until nothing is, or for so long. Answers how many attempts were made; 0 at once where enough
    others send already."""
    with _slot() as mine:
        return _run(time.monotonic() + seconds) if mine else 0


def _run(ends: float) -> int:
    made = 0
    running: dict[Future[Outcome], Claimed] = {}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="webhook") as workers:
        while True:
            if time.monotonic() < ends:
                running |= {workers.submit(attempt, one.out): one for one in claim(THREADS - len(running))}
            if not running:
                return made
            done, _ = wait(running, timeout=1, return_when=FIRST_COMPLETED)
            for future in done:
                one = running.pop(future)
                note(one.delivery_id, one.out.uri, one.document, future.result())
                made += 1


def claim(limit: int) -> list[Claimed]:
    """Take what is due, the oldest first and none of a webhook that has enough on its way. Costs a look into an index
    for each webhook that is switched on."""
    if limit <= 0:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        moment = now()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(_READY, {"now": moment, "at_once": AT_ONCE, "patience": PATIENCE, "limit": limit})
        found = [row[0] for row in cursor.fetchall()]
        if not found:
            return []
        Delivery.everywhere.filter(id__in=found).update(state=State.SENDING, due=moment + LEASE)
        deliveries = list(Delivery.everywhere.filter(id__in=found))
        hooks = Webhook.everywhere.in_bulk([one.hook_id for one in deliveries if one.hook_id])
        return [_claimed(one, hooks.get(one.hook_id)) for one in deliveries]


def _claimed(delivery: Delivery, hook: Webhook | None) -> Claimed:
    document = hook.to_document() if hook is not None else delivery.target
    out = Outgoing(
        uid=delivery.uid,
        uri=str(document.get("uri") or ""),
        payload=delivery.payload,
        verb=str(document.get("http_verb") or "post"),
        as_json=document.get("format") == "json",
        account_id=delivery.account_id,
        hook_id=delivery.hook_id or "callflow",
        secrets=_secrets(hook),
    )
    return Claimed(delivery.id, out, document)


def _secrets(hook: Webhook | None) -> list[str]:
    try:
        return hook.secrets() if hook is not None else []
    except SecretUnreadable:
        log.exception("webhook %s: its secret cannot be read; it is called without a signature", hook and hook.id)
        return []


@contextmanager
def _slot() -> Iterator[bool]:
    """One of the places to send from; False where all are taken. Held by the database session."""
    for number in range(1, SENDERS + 1):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, number])
            if cursor.fetchone() != (True,):
                continue
        try:
            yield True
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, number])
        return
    yield False
