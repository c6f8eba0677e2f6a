"""The inbound event socket: listens, and keeps the conversations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from apps.switching.lab.session import Session

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch


class EventSocketServer:
    """mod_event_socket's listener."""

    def __init__(self, switch: LabSwitch) -> None:
        self.switch = switch
        self.sessions: set[Session] = set()
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one (see `port`)."""
        self._server = await asyncio.get_running_loop().create_server(self._accept, host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    def _accept(self) -> Session:
        session = Session(self.switch)
        self.sessions.add(session)
        return session

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for session in list(self.sessions):
            session.say_goodbye()
        await asyncio.gather(
            *(asyncio.wait_for(one.closed.wait(), 2) for one in list(self.sessions)), return_exceptions=True
        )
