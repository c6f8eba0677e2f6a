"""Commands to a node from code that is not asynchronous: Celery workers and web requests.

One thread per process runs an event loop with one persistent connection per node; it starts with the first command, in
the process that gives it (a worker forks before it works).
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from apps.switching.esl.client import EslClient
from apps.switching.esl.errors import ConnectionLost, EslError
from apps.switching.esl.peer import ApiResult, JobResult
from apps.switching.esl.persistent import PersistentClient
from kazoo.environment import environment
from kazoo.variables import SwitchAddress

T = TypeVar("T")
CONNECT_SECONDS = 5.0
API_SECONDS = 10.0


class UnknownNode(Exception):
    """No node of this name is configured."""


class Lines:
    """The connections of one process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._clients: dict[str, PersistentClient] = {}
        threading.Thread(target=self._loop.run_forever, name="switch lines", daemon=True).start()

    def use(self, node: str, work: Callable[[EslClient], Awaitable[T]], timeout: float) -> T:
        """The result of `work`, which gets a connected client. Raises UnknownNode and EslError."""
        address = next((one for one in environment.effective_switches if one.name == node), None)
        if address is None:
            raise UnknownNode(node)
        future = asyncio.run_coroutine_threadsafe(self._use(address, work), self._loop)
        try:
            return future.result(CONNECT_SECONDS + timeout)
        except TimeoutError as error:
            future.cancel()
            raise ConnectionLost(f"{node} did not answer within {timeout:.0f} seconds") from error

    async def _use(self, address: SwitchAddress, work: Callable[[EslClient], Awaitable[T]]) -> T:
        client = self._clients.get(address.name)
        if client is None:
            client = self._clients[address.name] = PersistentClient(address.host, address.port, address.password)
            client.start()
        return await work(await client.wait_connected(CONNECT_SECONDS))


_lines: Lines | None = None
_lock = threading.Lock()


def lines() -> Lines:
    """This process's lines; a fork gets its own."""
    global _lines
    with _lock:
        if _lines is None or _lines.pid != os.getpid():
            _lines = Lines()
        return _lines


def is_reachable(node: str) -> bool:
    """Whether a node is connected, or can be at once: asked before what is not to be sent twice."""
    try:
        lines().use(node, _is_there, 1.0)
    except (EslError, UnknownNode):
        return False
    return True


async def _is_there(client: EslClient) -> None:
    if not client.connected:
        raise ConnectionLost("not connected")


def run_api(node: str, command: str, arguments: str) -> ApiResult:
    """Run a quick `api` command on a node. Raises UnknownNode and EslError."""
    return lines().use(node, lambda client: client.api(command, arguments, timeout=API_SECONDS), API_SECONDS)


def run_job(node: str, command: str, arguments: str, *, job_uuid: str, timeout: float) -> JobResult:
    """Run a command that takes time, under an id of the caller's. Raises UnknownNode and EslError."""
    return lines().use(
        node, lambda client: client.bgapi(command, arguments, job_uuid=job_uuid, timeout=timeout), timeout + 1
    )
