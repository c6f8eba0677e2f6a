"""Orders to every node at once, such as "forget this user": a small `api` command, told over Valkey to the switch
process, which holds the connections. An order is a hurry-up: what it hurries happens later by itself, so nothing waits
for it and a lost one does no harm.
"""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Sequence

import redis.asyncio
from django.conf import settings

from apps.foundation.events.publishing import client

log = logging.getLogger(__name__)

#: A message is a JSON list of one `api` command and its arguments.
CHANNEL = "kazoo:switch-orders"
_WORD = re.compile(r"[A-Za-z0-9_.+@:/~=,*#-]{1,255}")


def tell_every_node(command: str, *arguments: str) -> None:
    """Have every node run `api <command> <arguments>`. Raises ValueError for an argument that is not one plain word."""
    words = [command, *arguments]
    for word in words:
        if not _WORD.fullmatch(word):
            raise ValueError(f"not a plain word: {word!r}")
    try:
        client().publish(CHANNEL, json.dumps(words))
    except redis.RedisError:
        log.warning("%s could not be told to the switches", command)


async def follow_orders(obey: Callable[[Sequence[str]], Awaitable[None]]) -> None:
    """Call `obey` with the words of each order, until cancelled."""
    while True:
        try:
            async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as connection, connection.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                async for message in channel.listen():
                    if message["type"] == "message":
                        await obey(json.loads(message["data"]))
        except (redis.RedisError, OSError, ValueError):
            log.warning("orders to the switches cannot be heard; trying again in a second")
            await asyncio.sleep(1)
