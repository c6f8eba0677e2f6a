"""A client of the API's websocket, spoken to in process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.testing import ApplicationCommunicator


class Socket:
    def __init__(self, communicator: ApplicationCommunicator) -> None:
        self._communicator = communicator

    async def say(self, action: str, token: str = "", **data: Any) -> dict[str, Any]:
        """Send a frame and return its reply."""
        frame = {"action": action, "auth_token": token, "request_id": "r1", "data": data}
        return await self.say_raw(json.dumps(frame))

    async def say_raw(self, text: str) -> dict[str, Any]:
        await self._communicator.send_input({"type": "websocket.receive", "text": text})
        return await self.hear()

    async def hear(self, seconds: float = 5.0) -> dict[str, Any]:
        """The next frame. Raises TimeoutError."""
        message = await self._communicator.receive_output(timeout=seconds)
        assert message["type"] == "websocket.send", message
        heard: dict[str, Any] = json.loads(message["text"])
        return heard

    async def is_silent(self) -> bool:
        """Whether nothing more comes once a ping has come back: what was published before it would be here."""
        return (await self.say("ping"))["data"] == {"response": "pong"}

    async def closed_with(self, seconds: float = 5.0) -> int:
        """Wait for the server to close; gives the code."""
        message = {"type": ""}
        while message["type"] != "websocket.close":
            message = await self._communicator.receive_output(timeout=seconds)
        return int(message["code"])


@asynccontextmanager
async def websocket() -> AsyncIterator[Socket]:
    from channels.routing import URLRouter

    from apps.interfaces.websockets.routing import websocket_urlpatterns

    application = URLRouter(websocket_urlpatterns)
    scope = {
        "type": "websocket",
        "path": "/websocket",
        "query_string": b"",
        "headers": [],
        "subprotocols": [],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
    }
    communicator = ApplicationCommunicator(application, scope)
    await communicator.send_input({"type": "websocket.connect"})
    assert (await communicator.receive_output(timeout=5))["type"] == "websocket.accept"
    try:
        yield Socket(communicator)
    finally:
        await communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await communicator.wait(timeout=5)
