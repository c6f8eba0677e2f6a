"""The web process's single subscription to events, and the local fan-out to its listeners."""

import asyncio
import json
import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, Protocol

import redis.asyncio
from django.conf import settings

from apps.foundation.events.live import CHANNEL

log = logging.getLogger(__name__)

Listener = Callable[[str, dict[str, Any]], None]
#: Ids of events that are remembered, so that one the outbox brings again is told once.
REMEMBERED = 10_000


class Follower(Protocol):
    """Who must know what it missed. Neither method may block."""

    def heard(self, event: dict[str, Any]) -> None:
        """An event of the account, as `Told.to_json` has it."""

    def missed(self) -> None:
        """The subscription was lost for a while: whatever was told meanwhile did not arrive."""


class Subscription:
    """Hands each event to the listeners of its account. A listener gets (key, data) and must not block.

    Fan-out costs one dictionary look-up per event and one call per listener of that account.
    """

    def __init__(self) -> None:
        #: By account and kind of event; the kind is empty for all of them.
        self._listeners: dict[tuple[str, str], set[Listener]] = defaultdict(set)
        self._followers: dict[str, set[Follower]] = defaultdict(set)
        self._told: OrderedDict[str, None] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def add(self, account_id: str, listener: Listener, kind: str = "") -> None:
        """Listen to an account, or to one kind of its events: the first two words of their keys ("account.disabled").

        Returns when the subscription is in place, so that nothing after is missed.
        """
        self._listeners[account_id, kind].add(listener)
        await self._in_place()

    async def follow(self, account_id: str, follower: Follower) -> None:
        """The same for somebody who must know what he missed."""
        self._followers[account_id].add(follower)
        await self._in_place()

    def unfollow(self, account_id: str, follower: Follower) -> None:
        self._followers[account_id].discard(follower)
        if not self._followers[account_id]:
            del self._followers[account_id]

    async def _in_place(self) -> None:
        if self._task is None or self._task.done():
            self._ready.clear()
            self._task = asyncio.get_running_loop().create_task(self._read())
        await asyncio.wait_for(self._ready.wait(), 5)

    def remove(self, account_id: str, listener: Listener, kind: str = "") -> None:
        self._listeners[account_id, kind].discard(listener)
        if not self._listeners[account_id, kind]:
            del self._listeners[account_id, kind]

    async def _read(self) -> None:
        was_there = False
        while True:
            try:
                connection = redis.asyncio.Redis.from_url(settings.REDIS_URL)
                async with connection, connection.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self.dispatch(json.loads(message["data"]))
                        elif message["type"] == "subscribe":  # only now is nothing missed
                            if was_there:
                                self._tell_missed()
                            was_there = True
                            self._ready.set()
            except (redis.RedisError, OSError):
                log.warning("the event subscription was lost; trying again in a second")
                await asyncio.sleep(1)

    def dispatch(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            if not self._is_new(event["id"]):
                continue
            account_id, key = event["account_id"], event["key"]
            kind = ".".join(key.split(".", 2)[:2])
            of_kind, of_any = self._listeners.get((account_id, kind), ()), self._listeners.get((account_id, ""), ())
            for listener in (*of_kind, *of_any):
                listener(key, event["data"])
            for follower in tuple(self._followers.get(account_id, ())):
                follower.heard(event)

    def _is_new(self, event_id: str) -> bool:
        if event_id in self._told:
            return False
        self._told[event_id] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return True

    def _tell_missed(self) -> None:
        for follower in {one for followers in self._followers.values() for one in followers}:
            follower.missed()


_by_loop: dict[int, Subscription] = {}


def subscription() -> Subscription:
    """The running loop's subscription."""
    return _by_loop.setdefault(id(asyncio.get_running_loop()), Subscription())
