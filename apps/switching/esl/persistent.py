"""A client that stays connected: reconnects with jittered, growing pauses and notices a peer that went silent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from apps.switching.esl.client import EslClient, OnEvent
from apps.switching.esl.errors import ConnectionLost, EslError
from apps.switching.esl.peer import DEFAULT_TIMEOUT, logger


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between attempts, in seconds: doubling from `first` to `longest`, each drawn between half and all of
    it. A refused attempt costs nothing, and until one succeeds nobody sees a call."""

    first: float = 0.5
    longest: float = 4.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait before attempt number `attempt` (the first is 0)."""
        whole = min(self.longest, self.first * 2.0 ** min(attempt, 16))
        return whole * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret


class PersistentClient:
    """Keeps one logged-in `EslClient` to a switch.

    After every (re)connect it subscribes, then awaits `on_connected(client)`, the place to resynchronise: events
    between two connections are lost. `on_lost(error)` follows each loss. `client` raises `ConnectionLost` while there
    is none. Where nothing has been received for `silence` seconds it asks the switch something, and reconnects if no
    answer comes.
    """

    def __init__(
        self,
        host: str,
        port: int,
        password: str,
        *,
        events: Iterable[str] = (),
        custom: Iterable[str] = (),
        on_event: OnEvent | None = None,
        on_connected: Callable[[EslClient], Awaitable[None]] | None = None,
        on_lost: Callable[[Exception | None], None] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        silence: float = 25.0,
        backoff: Backoff | None = None,
    ) -> None:
        self.host, self.port = host, port
        self._password = password
        self._events, self._custom = tuple(events), tuple(custom)
        self._on_event, self._on_connected, self._on_lost = on_event, on_connected, on_lost
        self._timeout, self._silence = timeout, silence
        self._backoff = backoff or Backoff()
        self._client: EslClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self._last_error: Exception | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a logged-in, subscribed connection now."""
        return self._client is not None and self._client.connected

    @property
    def client(self) -> EslClient:
        """The connection; raises `ConnectionLost` while there is none."""
        if self._client is None or not self._client.connected:
            raise ConnectionLost(f"not connected to {self.host}:{self.port}: {self._last_error or 'still connecting'}")
        return self._client

    def start(self) -> None:
        """Begin connecting in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"esl {self.host}:{self.port}")

    async def wait_connected(self, timeout: float | None = None) -> EslClient:
        """Wait until connected; raises `ConnectionLost` after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not self.connected:
                    await self._up.wait()
        except TimeoutError as error:
            raise ConnectionLost(f"{self.host}:{self.port} not reached: {self._last_error}") from error
        return self.client

    async def stop(self) -> None:
        """Close the connection and stop reconnecting."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        client, self._client = self._client, None
        self._up.clear()
        if client is not None:
            await client.close()

    async def _run(self) -> None:
        attempt = 0
        while True:
            try:
                client = await self._connect()
            except Exception as error:  # a resynchronisation may fail in any way; trying again is the answer to all
                self._last_error = error
                if not isinstance(error, EslError):
                    logger.exception("resynchronising with %s:%s failed", self.host, self.port)
                pause = self._backoff.pause(attempt)
                log = logger.warning if attempt in (0, 5) or attempt % 60 == 0 else logger.debug
                log("event socket %s:%s: %s; next try in %.1f s", self.host, self.port, error, pause)
                attempt += 1
            else:
                attempt = 0
                await self._watch(client)
                pause = self._backoff.pause(0)
            await asyncio.sleep(pause)

    async def _connect(self) -> EslClient:
        client = await EslClient.connect(
            self.host, self.port, self._password, on_event=self._on_event, timeout=self._timeout
        )
        try:
            if self._events or self._custom:
                await client.subscribe(*self._events, custom=self._custom)
            self._client = client
            if self._on_connected is not None:
                await self._on_connected(client)
            if not client.connected:
                raise ConnectionLost("lost again while resynchronising")
        except BaseException:
            self._client = None
            client.abort(None)
            raise
        self._up.set()
        logger.info("event socket %s:%s connected", self.host, self.port)
        return client

    async def _watch(self, client: EslClient) -> None:
        """Return when the connection is gone; end it if the switch has gone silent."""
        error: Exception | None = None
        while client.connected:
            heard = client.bytes_received
            with suppress(TimeoutError):
                await asyncio.wait_for(client.wait_lost(), self._silence)
            if client.connected and client.bytes_received == heard:
                try:
                    await client.api("uptime", timeout=self._timeout)
                except EslError as no_answer:
                    error = no_answer
                    client.abort(no_answer)
        self._client = None
        self._up.clear()
        self._last_error = error
        logger.warning("event socket %s:%s lost: %s", self.host, self.port, error or "closed by the switch")
        if self._on_lost is not None:
            try:
                self._on_lost(error)
            except Exception:
                logger.exception("the callback for a lost connection failed")
