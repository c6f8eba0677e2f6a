"""Work on recordings that may take time or be tried again."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import AccountUnknown, account_scope, schema_scope
from apps.foundation.events.outbox import enqueue
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.partitions import first_of_month
from apps.foundation.tenants.models import Tenant
from apps.pbx.recordings import finishing, remote
from apps.pbx.recordings.actions import complete, delete_recording
from apps.pbx.recordings.models import Recording, RecordingState
from apps.switching.calls.models import LiveChannel
from apps.switching.esl.errors import EslError

log = logging.getLogger(__name__)
#: Tries to deliver a copy, and the longest wait between two, in seconds: two days in all.
MOST_TRIES, LONGEST_WAIT = 20, 4 * 3600
#: Recordings removed or taken up in one go.
BATCH = 500


@shared_task(name="recordings.finish")
def finish_recording(account_id: str, recording_id: str) -> None:
    """Convert a recording that was fetched, announce it, and have a copy delivered where one is wanted."""
    with account_scope(account_id):
        finishing.finish(recording_id)
    enqueue(deliver_recording, account_id, recording_id)


@shared_task(name="recordings.follow_transfer", autoretry_for=(EslError,), retry_backoff=True, max_retries=5)
def follow_transfer(account_id: str, recording_ids: list[str], heir: str) -> None:
    """The leg that was recorded has transferred its call: go on with the one it left, or complete them."""
    with account_scope(account_id):
        channel = LiveChannel.objects.filter(uuid=heir, account_id=account_id).first()
        if channel is None:
            complete(recording_ids)
        else:
            remote.follow(channel, recording_ids)


@shared_task(name="recordings.deliver", bind=True, max_retries=MOST_TRIES)
def deliver_recording(self: Any, account_id: str, recording_id: str) -> None:
    """Send a copy to the customer's address, and again until it is taken."""
    with account_scope(account_id):
        try:
            finishing.deliver(recording_id)
        except finishing.NotDelivered as error:
            log.info("recording %s: %s", recording_id, error)
            if self.request.retries >= MOST_TRIES or self.request.is_eager:
                finishing.give_up(recording_id)
                return
            wait = min(10 * 2**self.request.retries, LONGEST_WAIT)
            raise self.retry(countdown=wait) from error


@shared_task(name="recordings.finish_left")
def finish_left() -> int:
    """Take up recordings whose task was lost. Answers how many."""
    before, since = now() - timedelta(minutes=30), first_of_month(now() - timedelta(days=3)).date()
    count = 0
    for schema in list(Tenant.objects.values_list("schema_name", flat=True)):
        with schema_scope(schema):
            rows = Recording.across_accounts.filter(
                month__gte=since, is_finished=False, state=RecordingState.STORED, started__lt=before
            )
            left = list(rows.values_list("account_id", "id")[:BATCH])
        for account_id, recording_id in left:
            enqueue(finish_recording, account_id, recording_id)
            count += 1
    return count


@shared_task(name="recordings.forget_old")
def forget_old() -> int:
    """Delete recordings older than their account keeps them (`recording_retention_days`). Answers how many."""
    count = 0
    kept = Account.objects.filter(deleted=None, document__recording_retention_days__gt=0)
    for account_id, days in list(kept.values_list("id", "document__recording_retention_days")):
        try:
            with account_scope(account_id):
                count += _forget_before(account_id, int(days))
        except AccountUnknown:
            continue
    return count


def _forget_before(account_id: str, days: int) -> int:
    count, principal = 0, system_principal(account_id)
    old = Recording.objects.filter(started__lt=now() - timedelta(days=days))
    while rows := list(old.order_by("started")[:BATCH]):
        for recording in rows:
            delete_recording(recording, principal, hard=True)
        count += len(rows)
    return count
