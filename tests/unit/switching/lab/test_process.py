"""``python -m apps.switching.lab`` as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

from tests.unit.switching.lab.support import Client, Office


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_it_listens_and_stops_on_a_signal(office: Office) -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "apps.switching.lab", "--esl-port", str(port), "--esl-password", "pw", "--name", "lab9",
        "--xml-curl-url", f"{office.url}/fs", stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        async with asyncio.timeout(20):
            while b"event socket on" not in await process.stderr.readline():
                pass
        client = await Client.open(port, "pw")
        assert await client.api("switchname") == "lab9"
        assert (await client.api("status")).startswith("UP 0 years, 0 days")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
        client.close()
    finally:
        if process.returncode is None:
            process.kill()


async def test_a_taken_port_is_said_plainly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "apps.switching.lab", "--esl-port", str(taken.getsockname()[1]),
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert errors.decode().strip().startswith("lab switch: ")
    assert "Traceback" not in errors.decode()
