"""Which call servers live: a connection to each, held for as long as it lasts.

A call server takes a watcher for a switch at first, for both connect to the same port. It asks `connect`, as it does of
every call, and the answer has the header `Kazoo-Watches`. From then on it only says its name, once, and the connection
ends with the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

log = logging.getLogger(__name__)
#: The header of an answer to `connect` that comes from a watcher.
WATCHES = "Kazoo-Watches"
#: What a call server says its name with.
NAME = "kazoo_name"
RETRY_SECONDS = 0.25
CONNECT_SECONDS = 5.0
_CONNECTED = f"Event-Name: CHANNEL_DATA\nContent-Type: command/reply\nReply-Text: +OK\n{WATCHES}: true\n\n".encode()
_DONE = b"Content-Type: command/reply\nReply-Text: +OK\n\n"


class PoolWatch:
    """`start`, and `stop` when done. `lost` is told the name of each call server that was there and is gone.

    `live` has the names of those that are there. `is_settled` says whether that is all: each address has told its name,
    or refuses connections.
    """

    def __init__(self, addresses: Sequence[str], lost: Callable[[str], Awaitable[None]]) -> None:
        self._addresses, self._lost = addresses, lost
        self._names: dict[str, str] = {}
        self._refusing: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def live(self) -> frozenset[str]:
        return frozenset(self._names.values())

    @property
    def is_settled(self) -> bool:
        return all(address in self._names or address in self._refusing for address in self._addresses)

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._watch(one), name=f"watches {one}") for one in self._addresses]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        while True:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            except ConnectionRefusedError:
                self._refusing.add(address)
            except (OSError, TimeoutError) as error:
                log.debug("call server %s: %s", address, error)
            else:
                try:
                    await self._hold(address, reader, writer)
                finally:
                    writer.close()
            await asyncio.sleep(RETRY_SECONDS)

    async def _hold(self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the other side is gone: answer its commands, which all end in an empty line."""
        try:
            while True:
                command = (await reader.readuntil(b"\n\n")).decode("utf-8", "replace").strip()
                word, _, rest = command.partition(" ")
                if word == NAME:
                    self._names[address] = rest
                    self._refusing.discard(address)
                    log.info("call server %s is there", rest)
                writer.write(_CONNECTED if word == "connect" else _DONE)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        if (name := self._names.pop(address, "")) != "":
            log.warning("call server %s is gone", name)
            await self._lost(name)
