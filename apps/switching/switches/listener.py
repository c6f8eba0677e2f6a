"""One listener per node: hear it, keep up with it, and read its state again after every gap.

Two connections: one only hears events, the other carries orders, for an `api` command holds its own connection up. The
reader never waits (FreeSWITCH freezes as a whole over a client that stops reading): it drops events into a bounded
queue, from which batches are applied in a worker thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from django.db import DatabaseError

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.kit.clock import now
from apps.switching.esl.client import EslClient
from apps.switching.esl.errors import EslError, ProtocolError
from apps.switching.esl.event_queue import EventQueue
from apps.switching.esl.events import Event
from apps.switching.esl.persistent import PersistentClient
from apps.switching.switches.applier import apply_facts
from apps.switching.switches.facts import Fact
from apps.switching.switches.models import NodeState, SwitchNode
from apps.switching.switches.resync import resync
from apps.switching.switches.translate import CUSTOM_EVENTS, EVENTS, translate
from kazoo.variables import SwitchAddress

log = logging.getLogger(__name__)

BATCH = 200
GATHER_SECONDS = 0.05
RETRY_SECONDS = 1.0


class Watcher(Protocol):
    """Who else hears a node: `events` are the names of those it wants besides ours. It must not block."""

    @property
    def events(self) -> Sequence[str]: ...

    def heard(self, node: str, event: Event) -> None: ...

    def connected(self, node: str, orders: PersistentClient) -> None:
        """The node is reached, for the first time or again, and its calls are known."""


class NodeListener:
    """`start`, and `stop` when done. `commands` is the connection for orders."""

    def __init__(self, address: SwitchAddress, *, queue_size: int = 20_000, watchers: Sequence[Watcher] = ()) -> None:
        self.name = address.name
        self._watchers = {watcher: frozenset(watcher.events) for watcher in watchers}
        self._address = address
        self._queue = EventQueue(queue_size)
        self._events = PersistentClient(
            address.host,
            address.port,
            address.password,
            events=sorted({*EVENTS, *(name for names in self._watchers.values() for name in names)}),
            custom=CUSTOM_EVENTS,
            on_event=self._queue.put,
            on_connected=self._connected,
            on_lost=self._lost,
        )
        self.commands = PersistentClient(address.host, address.port, address.password)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect in the background and keep connected."""
        await in_directory(register_node, self._address)
        self._tasks.add(asyncio.create_task(self._apply_forever(), name=f"applier {self.name}"))
        self._events.start()
        self.commands.start()

    async def stop(self) -> None:
        await asyncio.gather(self._events.stop(), self.commands.stop())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def order(self, words: Sequence[str]) -> None:
        """Run an `api` command on the node; one that is away needs no order, for it starts from nothing."""
        line = self._events if self._events.connected and not self.commands.connected else self.commands
        try:
            answer = await line.client.api(words[0], " ".join(words[1:]))
            log.debug("switch %s: %s: %s", self.name, " ".join(words), answer.text.strip())
        except EslError as error:
            log.warning("switch %s could not be told %s: %s", self.name, words[0], error)

    async def _connected(self, client: EslClient) -> None:
        await resync(client, self.name)
        self._queue.resynced()
        version = (await client.api("version")).text.strip()
        await in_directory(mark_node, self.name, NodeState.UP, version=version)
        # What was said while we were away: users may have changed, and carriers.
        await client.api("xml_flush_cache")
        await client.bgapi("sofia", "profile external rescan", timeout=30)
        for watcher in self._watchers:
            watcher.connected(self.name, self.commands)
        log.info("switch %s is heard", self.name)

    def _lost(self, error: Exception | None) -> None:
        self._spawn(in_directory(mark_node, self.name, NodeState.DOWN, problem=str(error or "closed by the switch")))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _apply_forever(self) -> None:
        while True:
            batch = await self._queue.get_batch(BATCH, GATHER_SECONDS)
            facts = [fact for event in batch if (fact := self._translated(event))]
            for watcher, names in self._watchers.items():
                for event in batch:
                    if event.name in names:
                        watcher.heard(self.name, event)
            if facts:
                await self._apply(facts)
            if self._queue.needs_resync and self._events.connected:
                await self._resync()

    def _translated(self, event: Event) -> Fact | None:
        try:
            return translate(event, self.name)
        except (ProtocolError, ValueError, OverflowError) as error:
            log.warning("switch %s: %r could not be read: %s", self.name, event, error)
            return None

    async def _apply(self, facts: list[Fact]) -> None:
        """Until it works: the database may be away for a while, and the queue sheds what it cannot hold."""
        while True:
            try:
                await in_directory(apply_facts, facts)
                return
            except DatabaseError:
                log.exception("switch %s: %d events wait for the database", self.name, len(facts))
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("switch %s: %d events could not be applied", self.name, len(facts))
                return

    async def _resync(self) -> None:
        self._queue.resynced()
        try:
            await resync(self._events.client, self.name)
        except (EslError, DatabaseError, ValueError):
            log.exception("switch %s: its state could not be read", self.name)


def register_node(address: SwitchAddress) -> None:
    """The node's row, not connected yet."""
    values = {"host": address.host, "port": address.port, "state": NodeState.DOWN, "problem": ""}
    SwitchNode.objects.update_or_create(name=address.name, defaults=values)


def mark_node(name: str, state: NodeState, *, problem: str = "", version: str = "") -> None:
    values: dict[str, object] = {"state": state, "problem": problem[:255]}
    if state is NodeState.UP:
        values |= {"connected": now(), "version": version[:128], "is_lab": "lab" in version.lower()}
    SwitchNode.objects.filter(name=name).update(**values)
