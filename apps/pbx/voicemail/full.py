"""Telling that a mailbox is full, once in a while."""

from __future__ import annotations

import logging

import redis

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.events.live import client
from apps.foundation.events.outbox import enqueue

log = logging.getLogger(__name__)
#: Seconds between two mails about one mailbox.
PAUSE = 6 * 3600


def tell_once(box_id: str) -> None:
    """Mail whoever is mailed about messages of a full box of the scope's account, unless they were just told."""
    from apps.pbx.voicemail.tasks import tell_full

    account_id = current_account_id()
    try:
        if not client().set(f"kazoo:voicemail-full:{box_id}", "1", nx=True, ex=PAUSE):
            return
    except redis.RedisError:
        log.warning("mailbox %s is full, and who was told cannot be noted", box_id)
    enqueue(tell_full, account_id, box_id)
