"""The switch connects to us, once per call (dialplan application `socket <host>:<port> async full`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from apps.switching.esl.errors import CallHungUp, EslError
from apps.switching.esl.framer import Limits
from apps.switching.esl.peer import logger
from apps.switching.esl.session import OutboundSession

Handler = Callable[[OutboundSession], Awaitable[None]]


class OutboundServer:
    """Runs `handler(session)` as a task of its own for each call. When the handler returns, the switch is told goodbye.

    A `CallHungUp` that leaves the handler is an ordinary end. Beyond `max_sessions` calls a new one is closed at
    once, so that its dialplan goes on to the fallback behind `socket`. `port` 0 takes a free one; read `port` after
    `start`. There is no password on this side of the protocol: `allowed` says which addresses may connect.
    """

    def __init__(
        self,
        handler: Handler,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        max_sessions: int = 10_000,
        limits: Limits | None = None,
        allowed: Callable[[str], bool] | None = None,
    ) -> None:
        self._allowed = allowed
        self.host, self.port = host, port
        self.max_sessions = max_sessions
        self.turned_away = 0
        self._handler = handler
        self._limits = limits
        self._server: asyncio.Server | None = None
        self._tasks: dict[asyncio.Task[None], OutboundSession] = {}

    @property
    def sessions(self) -> int:
        """Calls being handled now."""
        return sum(session.is_call for session in self._tasks.values())

    async def start(self) -> None:
        """Listen; raises OSError where the address is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _ServedSession(self, self._limits), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self, grace: float = 5.0) -> None:
        """Take no more calls, give running handlers `grace` seconds, then cancel them and close their sockets."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if calls := [task for task, session in self._tasks.items() if session.is_call]:
            await asyncio.wait(calls, timeout=grace)
        left = dict(self._tasks)
        for task, session in left.items():
            task.cancel()
            session.abort(None)
        await asyncio.gather(*left, return_exceptions=True)

    def session_opened(self, session: OutboundSession, address: str) -> None:
        """A connection was made from this address; start its handler."""
        if self._allowed is not None and not self._allowed(address):
            logger.warning("%s is no switch's address: its call is not taken", address)
            self.turned_away += 1
            session.abort(None)
            return
        if self._server is None or len(self._tasks) >= self.max_sessions:
            self.turned_away += 1
            session.abort(None)
            return
        task = asyncio.get_running_loop().create_task(self._serve(session))
        self._tasks[task] = session
        task.add_done_callback(self._tasks.pop)

    async def _serve(self, session: OutboundSession) -> None:
        try:
            await self._handler(session)
        except CallHungUp:
            pass
        except EslError as error:
            logger.warning("call %r: %s", session, error)
        except Exception:
            logger.exception("the handler of call %r failed", session)
        finally:
            await session.say_goodbye()


class _ServedSession(OutboundSession):
    def __init__(self, server: OutboundServer, limits: Limits | None) -> None:
        super().__init__(limits)
        self._owner = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername") or ("", 0)
        self._owner.session_opened(self, str(peer[0]))
