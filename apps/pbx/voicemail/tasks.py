"""What voicemail does in its own time."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db import transaction

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import AccountUnknown, account_scope, current_account_id
from apps.foundation.events.handled import first_time, was_handled
from apps.foundation.events.outbox import enqueue
from apps.foundation.kit.clock import now
from apps.pbx.voicemail import calling, notifying
from apps.pbx.voicemail.message_actions import remove_messages
from apps.pbx.voicemail.models import Box

log = logging.getLogger(__name__)
DEFAULT_RETENTION = 93
MOST_TRIES = 8


@shared_task(name="voicemail.notify", bind=True, autoretry_for=(OSError,), retry_backoff=True, max_retries=6)
def notify(self: Any, account_id: str, message_id: str) -> None:
    """Tell everybody about a message whose sound is here. Begun twice, it tells once."""
    with account_scope(account_id):
        people = notifying.prepare(message_id)
        box_id = calling.box_to_call_for(message_id)
        with transaction.atomic():
            if not first_time("voicemail.notify", message_id):
                return
            for address, language, zone in people:
                enqueue(mail, account_id, message_id, address, language, zone)
            if box_id:
                enqueue(call_owner, account_id, box_id)


@shared_task(name="voicemail.mail", bind=True, max_retries=MOST_TRIES)
def mail(self: Any, account_id: str, message_id: str, address: str, language: str, zone: str) -> None:
    """Mail one person about a message. Tried again for some hours, and every failure is noted in the message."""
    with account_scope(account_id):
        if was_handled("voicemail.mail", self.request.id or ""):
            return
        try:
            notifying.send_mail(message_id, address, language, zone)
            first_time("voicemail.mail", self.request.id or "")
        except OSError as error:
            last = self.request.retries >= self.max_retries
            notifying.note_failed(message_id, f"{address}: {error}", last=last)
            if last:
                log.exception("the mail about message %s to %s is given up", message_id, address)
                return
            raise self.retry(exc=error, countdown=30 * 3**self.request.retries) from error


@shared_task(name="voicemail.tell_full")
def tell_full(account_id: str, box_id: str) -> None:
    """Mail everybody that a mailbox is full."""
    with account_scope(account_id):
        people = notifying.tell_full(box_id)
        with transaction.atomic():
            for address, language, _zone in people:
                enqueue(mail_full, account_id, box_id, address, language)


@shared_task(name="voicemail.mail_full", autoretry_for=(OSError,), retry_backoff=True, max_retries=6)
def mail_full(account_id: str, box_id: str, address: str, language: str) -> None:
    """Mail one person that a mailbox is full."""
    with account_scope(account_id):
        notifying.send_full(box_id, address, language)


@shared_task(name="voicemail.call_owner", bind=True)
def call_owner(self: Any, account_id: str, box_id: str, attempt: int = 1, job_id: str = "") -> None:
    """Call about new messages (`notify.callback`), again and again until somebody answers or listened to them."""
    with account_scope(account_id), transaction.atomic():
        if self.request.id and not first_time("voicemail.call_owner", self.request.id):
            return
        begun = calling.call(box_id, attempt, job_id)
        if begun is not None:
            enqueue(call_owner, account_id, box_id, attempt + 1, begun.job_id, in_seconds=begun.next_in)


@shared_task(name="voicemail.remove_old")
def remove_old() -> int:
    """Remove messages that were kept for as long as their mailbox says. Answers how many."""
    removed = 0
    for account_id in list(Account.objects.values_list("id", flat=True)):
        try:
            with account_scope(account_id):
                removed += _remove_old()
        except AccountUnknown:
            continue
    return removed


def _remove_old() -> int:
    removed = 0
    for box in Box.across_accounts.filter(account_id=current_account_id()):
        days = int(box.document.get("message_retention_days", DEFAULT_RETENTION))
        if days > 0:
            removed += remove_messages(box, now() - timedelta(days=days))
    return removed
