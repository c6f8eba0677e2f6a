"""A client of the API's websocket, spoken to in process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asgiref.testing import ApplicationCommunicator

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.publishing import send
from apps.foundation.events.subscription import subscription
from apps.foundation.kit.ids import new_id


class Socket:
    def __init__(self, communicator: ApplicationCommunicator) -> None:
        self._communicator = communicator
        #: How many frames came before the close.
        self.frames = 0

    async def say(self, action: str, token: str = "", **data: Any) -> dict[str, Any]:
        """Send a frame and return its reply."""
        frame = {"action": action, "auth_token": token, "request_id": "r1", "data": data}
        return await self.say_raw(json.dumps(frame))

    async def say_raw(self, text: str) -> dict[str, Any]:
        await self._communicator.send_input({"type": "websocket.receive", "text": text})
        return await self.hear()

    async def send_ping(self) -> None:
        """Its reply comes behind everything that was for this socket before."""
        await self._communicator.send_input({"type": "websocket.receive", "text": '{"action": "ping"}'})

    async def hear(self, seconds: float = 5.0) -> dict[str, Any]:
        """The next frame. Raises TimeoutError."""
        message = await self._communicator.receive_output(timeout=seconds)
        assert message["type"] == "websocket.send", message
        heard: dict[str, Any] = json.loads(message["text"])
        return heard

    async def is_silent(self) -> bool:
        """Whether nothing published so far was for this socket: all is handed out, and a ping comes back first."""
        await everything_handed_out()
        return (await self.say("ping"))["data"] == {"response": "pong"}

    async def closed_with(self, seconds: float = 5.0) -> int:
        """Wait for the server to close; gives the code."""
        message = {"type": ""}
        while message["type"] != "websocket.close":
            message = await self._communicator.receive_output(timeout=seconds)
            self.frames += message["type"] == "websocket.send"
        return int(message["code"])


async def everything_handed_out() -> None:
    """Wait until this process's subscription has handed out what was published before. It keeps their order."""
    arrived, nobody = asyncio.Event(), new_id()

    def listen(key: str, data: dict[str, Any]) -> None:
        arrived.set()

    await subscription().add(nobody, listen)
    await in_directory(send, [DocumentChanged(nobody, "doc_edited", "device", nobody)])
    await asyncio.wait_for(arrived.wait(), 5)
    subscription().remove(nobody, listen)


@asynccontextmanager
async def websocket(
    path: str = "/websocket", query: str = "", headers: Sequence[tuple[bytes, bytes]] = ()
) -> AsyncIterator[Socket]:
    from channels.routing import URLRouter

    from kazoo import discovery

    routes = [route for module in discovery.offered("routing") for route in module.websocket_urlpatterns]
    scope = {
        "type": "websocket",
        "path": path,
        "query_string": query.encode(),
        "headers": list(headers),
        "subprotocols": [],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
    }
    communicator = ApplicationCommunicator(URLRouter(routes), scope)
    await communicator.send_input({"type": "websocket.connect"})
    assert (await communicator.receive_output(timeout=5))["type"] == "websocket.accept"
    try:
        yield Socket(communicator)
    finally:
        await communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await communicator.wait(timeout=5)
