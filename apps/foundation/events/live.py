"""Telling whoever listens now. One PUBLISH for all events of a transaction; each web process holds one subscription
and fans out locally (see `apps.foundation.events.subscription`)."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import redis
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

if TYPE_CHECKING:
    from apps.foundation.events.reactions import Told

log = logging.getLogger(__name__)

#: One channel for the installation: a message is a JSON list of `Told`.
CHANNEL = "kazoo:events"


@cache
def client() -> redis.Redis:
    """The process's connection pool to Valkey."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def announce(events: Sequence[Told]) -> bool:
    """Tell now. A broker that is away is logged, never the caller's failure: False."""
    try:
        client().publish(CHANNEL, json.dumps([one.to_json() for one in events], cls=DjangoJSONEncoder))
    except redis.RedisError:
        log.exception("%d events could not be published", len(events))
        return False
    return True
