"""Sending webhooks, and what goes with it."""

from __future__ import annotations

import logging
from typing import Any

import redis
from celery import shared_task
from django.db import transaction

from apps.foundation.accounts.scope import AccountUnknown, account_scope
from apps.foundation.events.handled import first_time, was_handled
from apps.foundation.events.live import client
from apps.foundation.events.outbox import AWAY, enqueue
from apps.pbx.webhooks import actions, mails, pump

log = logging.getLogger(__name__)
#: Whoever nudges within this many milliseconds of another leaves it at that.
QUIET = 200


@shared_task(name="webhooks.deliver", ignore_result=True, expires=10)
def deliver() -> int:
    """Send what is due."""
    return pump.run()


def nudge() -> None:
    """Begin sending now rather than with the next tick of the clock, which comes anyway."""
    try:
        if client().set("kazoo:webhooks:nudge", 1, nx=True, px=QUIET):
            deliver.apply_async(retry=False)
    except (redis.RedisError, *AWAY):
        log.info("webhooks wait for the clock: the broker is away")


@shared_task(name="webhooks.tell_paused")
def tell_paused(account_id: str, hook_id: str) -> None:
    """Mail the account's administrators that a webhook was switched off."""
    try:
        with account_scope(account_id), transaction.atomic():
            for address, language in mails.administrators():
                enqueue(mail, account_id, hook_id, address, language)
    except AccountUnknown:
        log.info("webhook %s: its account is gone", hook_id)


@shared_task(name="webhooks.mail", bind=True, autoretry_for=(OSError,), retry_backoff=30, max_retries=8)
def mail(self: Any, account_id: str, hook_id: str, address: str, language: str) -> None:
    """Mail one person."""
    with account_scope(account_id):
        if was_handled("webhooks.mail", self.request.id or ""):
            return
        mails.send_mail(hook_id, address, language)
        first_time("webhooks.mail", self.request.id or "")


@shared_task(name="webhooks.forget")
def forget() -> int:
    """Delete what is too old to be replayed."""
    return actions.forget()
