"""Events leave on commit, from actions only.

Publishing costs one PUBLISH per transaction (or per batch of switch events). Each web process holds one subscription
and fans out locally; see `apps.foundation.events.subscription`.
"""

import json
import logging
from collections.abc import Sequence
from functools import cache

import redis
from django.conf import settings
from django.db import transaction

from apps.foundation.events.event import Event

log = logging.getLogger(__name__)

#: One channel for the installation: a message is a JSON list of {"account_id", "key", "data"}.
CHANNEL = "kazoo:events"


@cache
def client() -> "redis.Redis":
    """The process's connection pool to Valkey."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def publish(*events: Event) -> None:
    """Send after the current transaction commits; at once where there is none."""
    transaction.on_commit(lambda: send(events))


def send(events: Sequence[Event]) -> None:
    """Send now. Subscribers are a convenience: a broker that is away is logged, never the caller's failure."""
    payload = [{"account_id": event.account_id, "key": event.key, "data": event.data()} for event in events]
    try:
        client().publish(CHANNEL, json.dumps(payload))
    except redis.RedisError:
        log.exception("%d events could not be published", len(payload))
