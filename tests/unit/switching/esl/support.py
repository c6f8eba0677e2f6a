"""Recorded conversations, and a strict reader of what a client writes: the switch's half of the framing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).parents[3] / "data" / "freeswitch"
TRANSCRIPTS = sorted(path.name.removesuffix(".s2c.bin") for path in DATA.glob("*.s2c.bin"))
OUTBOUND = re.compile(r"f[1-7]-")


def recorded(prefix: str, direction: str = "s2c") -> bytes:
    """One recording's bytes, found by the start of its name (`a1-`)."""
    (path,) = DATA.glob(f"{prefix}*.{direction}.bin")
    return path.read_bytes()


def raw_frames(data: bytes) -> list[bytes]:
    """Cut what the switch sent into frames, by other means than the code under test."""
    frames, at = [], 0
    while at < len(data):
        end = data.index(b"\n\n", at) + 2
        head = data[at:end]
        length = 0
        for line in head.splitlines():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length" and not head.startswith(b"Event-Name: CHANNEL_DATA"):
                length = int(value)
        frames.append(data[at : end + length])
        at = end + length
    return frames


@dataclass
class SentCommand:
    """One command as the switch would understand it."""

    line: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def argument(self) -> str:
        """An application's argument: the header, or the body where the header is empty."""
        return self.headers.get("execute-app-arg") or self.body.decode()


def parse_head(head: bytes) -> SentCommand:
    first, *rest = head.decode().split("\n")
    command = SentCommand(first)
    for line in rest:
        name, colon, value = line.partition(":")
        assert colon, f"a line that is no header: {line!r}"
        assert name.lower() not in command.headers, f"{name} twice"
        command.headers[name.lower()] = value.lstrip(" ")
    return command


def read_commands(data: bytes) -> list[SentCommand]:
    """Everything a client wrote; fails where bytes are left over."""
    commands = []
    while data:
        head, end, data = data.partition(b"\n\n")
        assert end, f"unfinished command {head[:60]!r}"
        command = parse_head(head.lstrip(b"\n"))
        length = int(command.headers.get("content-length", "0"))
        assert len(data) >= length, "the body is shorter than its content-length"
        command.body, data = data[:length], data[length:]
        commands.append(command)
    return commands


async def read_command(reader: asyncio.StreamReader) -> SentCommand:
    """The next command; raises EOFError at the end."""
    head = b""
    while not head.strip(b"\n"):
        head = await reader.readuntil(b"\n\n")
    command = parse_head(head.strip(b"\n"))
    command.body = await reader.readexactly(int(command.headers.get("content-length", "0")))
    return command


REPLY_OK = b"Content-Type: command/reply\nReply-Text: +OK\n\n"


def reply(text: str) -> bytes:
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def api_response(text: str) -> bytes:
    body = text.encode()
    return b"Content-Type: api/response\nContent-Length: %d\n\n%s" % (len(body), body)


def json_event(body: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n%s" % (len(body), body)


def plain_event(body: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n%s" % (len(body), body)


Speak = Callable[[SentCommand, asyncio.StreamWriter], Awaitable[None] | None]


class FakeSwitch:
    """Listens as a switch does: asks for the password, then lets `answer(command, writer)` speak."""

    def __init__(self, answer: Speak, password: str = "ClueCon", port: int = 0) -> None:
        self.answer = answer
        self.password = password
        self.port = port
        self.heard: list[SentCommand] = []
        self.logins = 0
        self.writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**22)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        writer.write(b"Content-Type: auth/request\n\n")
        try:
            while True:
                command = await read_command(reader)
                if command.line.startswith("auth "):
                    if command.line != f"auth {self.password}":
                        writer.write(recorded("a2-").split(b"\n\n", 1)[1])
                        break
                    self.logins += 1
                    writer.write(reply("+OK accepted"))
                    continue
                self.heard.append(command)
                if command.line == "exit":
                    writer.write(recorded("a1-").split(b"\n\n", 2)[2])
                    break
                said = self.answer(command, writer)
                if said is not None:
                    await said
        except (EOFError, ConnectionError):
            pass
        writer.close()


@asynccontextmanager
async def fake_switch(answer: Speak, **options):
    switch = FakeSwitch(answer, **options)
    await switch.start()
    try:
        yield switch
    finally:
        await switch.stop()


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition, at most so long."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)
