"""We connect to the switch: log in, subscribe, command."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable

from apps.switching.esl import commands
from apps.switching.esl.connection import Received, Role
from apps.switching.esl.errors import AuthenticationFailed, ConnectionLost, EslError
from apps.switching.esl.events import Event
from apps.switching.esl.framer import Limits
from apps.switching.esl.messages import ApiResponse, AuthRequest, CommandReply, RudeRejection
from apps.switching.esl.peer import DEFAULT_TIMEOUT, Peer

OnEvent = Callable[[Event], None]
OnLost = Callable[["EslClient", Exception | None], None]


class EslClient(Peer):
    """A logged-in connection to one switch. `on_event` is called for each event, at once and in order: it must be
    quick (put it into an `EventQueue`). `on_lost` is called once, when the connection is gone for whatever reason but
    `close`."""

    def __init__(
        self,
        password: str,
        *,
        on_event: OnEvent | None = None,
        on_lost: OnLost | None = None,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(Role.CLIENT, limits)
        self._login = commands.auth(password)
        self._on_event = on_event
        self._on_lost = on_lost
        self._closing = False
        self._logged_in: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        password: str,
        *,
        on_event: OnEvent | None = None,
        on_lost: OnLost | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        limits: Limits | None = None,
    ) -> EslClient:
        """Connect and log in within `timeout` seconds.

        Raises `AuthenticationFailed`, `ConnectionLost` (also when nobody listens there, or not in time).
        """
        loop = asyncio.get_running_loop()
        client: EslClient | None = None

        def make() -> EslClient:
            return cls(password, on_event=on_event, on_lost=on_lost, limits=limits)

        try:
            async with asyncio.timeout(timeout):
                _, client = await loop.create_connection(make, host, port)
                await client._logged_in
        except (OSError, TimeoutError) as error:
            if client is not None:
                client._closing = True
                client.abort(error)
            raise ConnectionLost(f"cannot reach the switch at {host}:{port}: {error or 'timed out'}") from error
        except BaseException:
            if client is not None:
                client._closing = True
                client.abort(None)
            raise
        return client

    async def subscribe(self, *names: str, custom: Iterable[str] = ()) -> None:
        """Hear these events, and CUSTOM events of the `custom` subclasses, in json. Raises `CommandFailed`."""
        await self.order(commands.subscribe(names, custom))

    async def unsubscribe(self, *names: str, custom: Iterable[str] = ()) -> None:
        """Hear these no longer."""
        await self.order(commands.unsubscribe(names, custom))

    async def close(self) -> None:
        """Say goodbye and close; does not call `on_lost`."""
        self._closing = True
        await self.say_goodbye()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def event_came(self, event: Event) -> None:
        if self._on_event is not None:
            self._on_event(event)

    def other_came(self, message: Received) -> None:
        if isinstance(message, AuthRequest):
            self.post(self._login).add_done_callback(self._login_answered)
        elif isinstance(message, RudeRejection):
            self._login_failed(AuthenticationFailed(f"turned away by the switch's access list: {message.text.strip()}"))

    def _login_answered(self, reply: asyncio.Future[CommandReply | ApiResponse]) -> None:
        if reply.cancelled() or self._logged_in.done():
            return
        error = reply.exception()
        if error is not None:
            self._login_failed(error if isinstance(error, EslError) else ConnectionLost(str(error)))
        elif not isinstance(reply.result(), CommandReply) or not reply.result().ok:
            self._login_failed(AuthenticationFailed(reply.result().text))
        else:
            self._logged_in.set_result(None)

    def _login_failed(self, error: EslError) -> None:
        if not self._logged_in.done():
            self._logged_in.set_exception(error)
            self._logged_in.exception()

    def was_lost(self, error: Exception | None) -> None:
        reason = ConnectionLost(str(error or "the switch closed the connection"))
        # The login's answer may have come with the same bytes, and its callback is still to run: let it speak first.
        asyncio.get_running_loop().call_soon(self._login_failed, reason)
        login = self._logged_in
        logged_in = login.done() and not login.cancelled() and login.exception() is None
        if self._on_lost is not None and logged_in and not self._closing:
            self._on_lost(self, error)
