"""The calls of a call server that is lost are handed to another one, on every node, at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from apps.switching.calls.orphans import fetch_orphans_of
from apps.switching.calls.watching import PoolWatch
from apps.switching.switches.listener import NodeListener

#: When the nodes are asked for calls of a lost call server, in seconds after the loss. A call that was between two
#: orders at first is found later.
LOOKS = (0.0, 0.5, 1.5)


class Rescue:
    """`start`, and `stop` when done. One of it is enough for all call servers and nodes.

    It starts by looking for calls of call servers that were lost while nobody watched.
    """

    def __init__(self, addresses: Sequence[str], listeners: Sequence[NodeListener]) -> None:
        self._listeners = listeners
        self._watch = PoolWatch(addresses, self._lost)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._watch.start()
        for listener in self._listeners:
            self._begin(self._first_look(listener))

    async def stop(self) -> None:
        await self._watch.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _lost(self, name: str) -> None:
        for listener in self._listeners:
            self._begin(self._look(listener, lambda named: named == name))

    async def _first_look(self, listener: NodeListener) -> None:
        while not (self._watch.is_settled and listener.commands.connected):
            await asyncio.sleep(0.05)
        client, live = listener.commands.client, self._watch.live
        await fetch_orphans_of(client, listener.name, lambda named: named not in live, set())

    async def _look(self, listener: NodeListener, is_lost: Callable[[str], bool]) -> None:
        before, fetched = 0.0, set[str]()
        for seconds in LOOKS:
            await asyncio.sleep(seconds - before)
            before = seconds
            if listener.commands.connected:
                await fetch_orphans_of(listener.commands.client, listener.name, is_lost, fetched)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
