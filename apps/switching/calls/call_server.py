"""The call server: the switch connects once per call, and a handler of ours runs each call as a task of its own."""

from __future__ import annotations

import asyncio
import logging
import platform
import secrets
from collections.abc import Awaitable, Callable

from apps.switching.calls.orphans import CALL_SERVER
from apps.switching.calls.port import Call, CallerHungUp, CallerLeft
from apps.switching.calls.socket_call import SocketCall, Watched, take_over
from apps.switching.calls.watching import NAME
from apps.switching.esl.errors import EslError
from apps.switching.esl.server import OutboundServer
from apps.switching.esl.session import OutboundSession

logger = logging.getLogger(__name__)
Handler = Callable[[Call], Awaitable[None]]
DRAIN_SECONDS = 5.0
#: 503 Service Unavailable: the caller's side may try elsewhere, and nobody listens to silence.
FAILED = "NORMAL_TEMPORARY_FAILURE"


class CallServer:
    """`start`, then `port` says where it listens; `stop` takes no more calls and lets running ones go on for a while.

    A conversation outlives a stop: the switch carries it, and its dialplan goes on behind `socket` when it ends.
    """

    def __init__(
        self,
        handler: Handler,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        allowed: Callable[[str], bool] | None = None,
    ) -> None:
        """`allowed` says of an address whether it is a switch's; without it every visitor is."""
        self._handler = handler
        self._server = OutboundServer(self._run, host, port, allowed=allowed)
        self._start = secrets.token_hex(4)

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def name(self) -> str:
        """What the calls it has are marked with, another one after a restart: `machine/host:port/start`."""
        return f"{platform.node()}/{self._server.host}:{self.port}/{self._start}"

    @property
    def calls(self) -> int:
        """Calls being handled now."""
        return self._server.sessions

    async def start(self) -> None:
        """Listen; raises OSError where the address is taken."""
        await self._server.start()

    async def stop(self, grace: float = DRAIN_SECONDS) -> None:
        """Drain for `grace` seconds, then let go of what is left."""
        await self._server.stop(grace)

    async def _run(self, session: OutboundSession) -> None:
        try:
            call = await take_over(session)
        except CallerHungUp:
            return
        except Watched:
            session.is_call = False
            session.post_quietly(f"{NAME} {self.name}\n\n".encode())
            await session.wait_lost()
            return
        logger.info("call %s: account %s dialled %s", call.uuid, call.account_id or "unknown", call.destination)
        try:
            await call.remember({CALL_SERVER: self.name})
            await self._handler(call)
        except CallerLeft:
            logger.info("call %s: the caller goes on without us", call.uuid)
            # Whoever has the channel next would lose it where this connection closed (mod_event_socket, CF_CONTROLLED).
            await session.wait_ended()
        except CallerHungUp as gone:
            logger.info("call %s: the caller hung up (%s)", call.uuid, gone.cause or "connection lost")
        except Exception:
            logger.exception("call %s: handling failed", call.uuid)
            await _refuse(call)


async def _refuse(call: SocketCall) -> None:
    try:
        await call.hang_up(FAILED)
    except (CallerHungUp, EslError):
        logger.warning("call %s: could not be hung up after the failure", call.uuid)


async def serve(handler: Handler, host: str, port: int, *, ready: Callable[[int], None] | None = None) -> None:
    """Run the call server until cancelled, then drain it. `ready` is told the port once it listens."""
    server = CallServer(handler, host, port)
    await server.start()
    logger.info("call server: listening on %s:%d", host, server.port)
    if ready is not None:
        ready(server.port)
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()
