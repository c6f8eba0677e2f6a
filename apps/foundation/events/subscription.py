"""The web process's single subscription to events, and the local fan-out to its listeners."""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import redis.asyncio
from django.conf import settings

from apps.foundation.events.publishing import CHANNEL

log = logging.getLogger(__name__)

Listener = Callable[[str, dict[str, Any]], None]


class Subscription:
    """Hands each event to the listeners of its account. A listener gets (key, data) and must not block.

    Fan-out costs one dictionary look-up per event and one call per listener of that account.
    """

    def __init__(self) -> None:
        #: By account and kind of event; the kind is empty for all of them.
        self._listeners: dict[tuple[str, str], set[Listener]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def add(self, account_id: str, listener: Listener, kind: str = "") -> None:
        """Listen to an account, or to one kind of its events: the first two words of their keys ("account.disabled").

        Returns when the subscription is in place, so that nothing after is missed.
        """
        self._listeners[account_id, kind].add(listener)
        if self._task is None or self._task.done():
            self._ready.clear()
            self._task = asyncio.get_running_loop().create_task(self._read())
        await asyncio.wait_for(self._ready.wait(), 5)

    def remove(self, account_id: str, listener: Listener, kind: str = "") -> None:
        self._listeners[account_id, kind].discard(listener)
        if not self._listeners[account_id, kind]:
            del self._listeners[account_id, kind]

    async def _read(self) -> None:
        while True:
            try:
                connection = redis.asyncio.Redis.from_url(settings.REDIS_URL)
                async with connection, connection.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    self._ready.set()
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self.dispatch(json.loads(message["data"]))
            except (redis.RedisError, OSError):
                log.warning("the event subscription was lost; trying again in a second")
                await asyncio.sleep(1)

    def dispatch(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            account_id, key = event["account_id"], event["key"]
            kind = ".".join(key.split(".", 2)[:2])
            of_kind, of_any = self._listeners.get((account_id, kind), ()), self._listeners.get((account_id, ""), ())
            for listener in (*of_kind, *of_any):
                listener(key, event["data"])


_by_loop: dict[int, Subscription] = {}


def subscription() -> Subscription:
    """The running loop's subscription."""
    return _by_loop.setdefault(id(asyncio.get_running_loop()), Subscription())
