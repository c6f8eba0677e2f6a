"""A client of the API and of its websocket over real HTTP, as a customer's program is."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.telephony.stack import until


class Api:
    """Signed in as one person. Requests raise AssertionError where the answer is no success."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.token = ""
        self.account_id = ""
        self._http = httpx.AsyncClient(base_url=f"{base}v2/", timeout=20)

    async def sign_in(self, username: str, password: str, realm: str) -> Api:
        credentials = hashlib.md5(f"{username}:{password}".encode(), usedforsecurity=False).hexdigest()
        answer = await self.request("PUT", "user_auth", {"credentials": credentials, "account_realm": realm})
        self.token, self.account_id = answer["auth_token"], answer["data"]["account_id"]
        return self

    async def request(self, verb: str, path: str, data: Any = None) -> dict[str, Any]:
        """The whole envelope. Waits where the rate limit says so."""
        headers = {"X-Auth-Token": self.token} if self.token else {}
        for _ in range(10):
            body = None if verb == "GET" else {"data": {} if data is None else data}
            answer = await self._http.request(verb, path, json=body, headers=headers)
            if answer.status_code != 429:
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
        assert answer.is_success, f"{verb} {path}: {answer.status_code} {answer.text[:1000]}"
        envelope: dict[str, Any] = answer.json()
        return envelope

    async def get(self, path: str) -> Any:
        return (await self.request("GET", path))["data"]

    async def put(self, path: str, data: Any = None) -> Any:
        return (await self.request("PUT", path, data))["data"]

    async def close(self) -> None:
        await self._http.aclose()


@dataclass
class Ear:
    """A websocket that keeps what it hears, with the moment (time.monotonic) of each frame."""

    connection: ClientConnection
    heard: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    @classmethod
    async def on(cls, api: Api, account_id: str, *bindings: str) -> Ear:
        connection = await connect(f"ws://{urlsplit(api.base).netloc}/websocket")
        frame = {"action": "subscribe", "auth_token": api.token, "request_id": "r"}
        await connection.send(json.dumps(frame | {"data": {"account_id": account_id, "bindings": list(bindings)}}))
        reply = json.loads(await connection.recv())
        assert reply["status"] == "success", reply
        ear = cls(connection)
        ear._task = asyncio.create_task(ear._listen())
        return ear

    async def _listen(self) -> None:
        async for frame in self.connection:
            self.heard.append((time.monotonic(), json.loads(frame)))

    def events(self, name: str) -> list[tuple[float, dict[str, Any]]]:
        """The data of every event of that name, with its moment."""
        return [(moment, frame["data"]) for moment, frame in self.heard if frame.get("name") == name]

    async def hears(self, name: str, count: int = 1, seconds: float = 5.0) -> list[tuple[float, dict[str, Any]]]:
        await until(lambda: len(self.events(name)) >= count, f"the websocket is told {name} {count} times", seconds)
        return self.events(name)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.connection.close()
