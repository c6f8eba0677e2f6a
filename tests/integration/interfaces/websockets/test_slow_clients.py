"""A client that does not read is dropped, and costs the others nothing. On the real web server, over TCP."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.publishing import send
from apps.foundation.events.subscription import subscription
from apps.interfaces.websockets import consumers
from tests.company import Company

pytestmark = pytest.mark.django_db
#: More than the queue and the buffers of two sockets hold.
EVENTS, SIZE = 4_000, 4_000


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """Of a web server as `manage.py web` starts it, in this process."""
    listening = sockets.create_server(("127.0.0.1", 0))
    config = uvicorn.Config("kazoo.asgi:application", ws="websockets-sansio", lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}/websocket"
    finally:
        server.should_exit = True
        await serving


async def listen(client: ClientConnection, company: Company) -> None:
    data = {"account_id": company.tree.bakery.id, "binding": "object.doc_edited.device"}
    await client.send(json.dumps({"action": "subscribe", "auth_token": company.people["alice"].token, "data": data}))
    assert json.loads(await client.recv())["status"] == "success"


async def test_a_client_that_does_not_read_is_dropped_and_the_others_are_served(company: Company, address: str) -> None:
    bakery = company.tree.bakery.id
    small = sockets.socket()
    small.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    small.setblocking(False)
    port = int(address.split(":")[2].split("/")[0])
    await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", port))
    plain = {"compression": None}  # else it is all taken in a few bytes
    async with connect(address, sock=small, max_queue=1, **plain) as slow, connect(address, **plain) as quick:
        await listen(slow, company)
        await listen(quick, company)
        assert len(subscription()._followers[bakery]) == 2
        reading = asyncio.create_task(read(quick, EVENTS))
        for start in range(0, EVENTS, 100):
            batch = [
                DocumentChanged(bakery, "doc_edited", "device", f"{n}-{'x' * SIZE}") for n in range(start, start + 100)
            ]
            await in_directory(send, batch)
            await asyncio.sleep(0)
        assert await asyncio.wait_for(reading, 60) == list(range(EVENTS))
        async with asyncio.timeout(10):
            while len(subscription()._followers[bakery]) != 1:
                await asyncio.sleep(0.02)
        late, code = await read_to_the_end(slow)
        assert code == consumers.CLOSE_TOO_SLOW
        assert late < EVENTS - consumers.QUEUE_LENGTH, "what waited for it is not served late"


async def read(client: ClientConnection, count: int) -> list[int]:
    return [int(json.loads(await client.recv())["data"]["id"].split("-")[0]) for _ in range(count)]


async def read_to_the_end(client: ClientConnection) -> tuple[int, int | None]:
    """How many frames came, and the code of the close."""
    count = 0
    with suppress(ConnectionClosed):
        while True:
            await client.recv()
            count += 1
    return count, client.close_code
