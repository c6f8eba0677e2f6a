"""A small HTTP server that plays our xml_curl and CDR answers, an event-socket client, and a reader of transcripts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from apps.switching.lab.registrar import a1_hash

DATA = Path(__file__).parents[3] / "data" / "freeswitch"
REALM = "acme.test"
NOT_FOUND = '<document type="freeswitch/xml"><section name="result"><result status="not found"/></section></document>'
DIAL_STRING = (
    "{^^:sip_invite_domain=${dialed_domain}:presence_id=${dialed_user}@${dialed_domain}}"
    "${sofia_contact(*/${dialed_user}@${dialed_domain})}"
)


class Office:
    """Answers xml_curl from `passwords` and `actions`, and keeps what it was asked and every CDR posted."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {f"100{number}": "1234" for number in range(1, 5)}
        self.user_attributes = ""
        self.dialplan: Callable[[dict[str, str]], str] = lambda request: self.local(request)
        self.extensions: dict[str, list[tuple[str, str]]] = {}
        self.configuration: dict[str, str] = {}
        self.requests: list[dict[str, str]] = []
        self.cdrs: list[dict] = []
        self.cdr_status = 200
        self.heads: list[str] = []
        self.port = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = head.split("\r\n")
                names = {line.split(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:] if line}
                body = (await reader.readexactly(int(names.get("content-length", 0)))).decode()
                self.heads.append(head)
                status, answer = self._answer(lines[0], body)
                content = answer.encode()
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, request_line: str, body: str) -> tuple[int, str]:
        path = urlsplit(request_line.split(" ")[1]).path
        if path == "/cdr":
            if self.cdr_status == 200:
                self.cdrs.append(json.loads(body))
            return self.cdr_status, ""
        request = dict(parse_qsl(body, keep_blank_values=True))
        self.requests.append(request)
        if request["section"] == "directory":
            return 200, self.directory(request)
        if request["section"] == "dialplan":
            return 200, self.dialplan(request)
        if request["section"] == "configuration":
            return 200, self.configuration.get(request["key_value"], NOT_FOUND)
        return 200, NOT_FOUND

    def directory(self, request: dict[str, str]) -> str:
        user, domain = request.get("user", ""), request.get("domain", "")
        if user not in self.passwords or domain != REALM:
            return NOT_FOUND
        secret = a1_hash(user, domain, self.passwords[user])
        return (
            f'<document type="freeswitch/xml"><section name="directory"><domain name="{domain}"><params>'
            f'<param name="dial-string" value="{DIAL_STRING}"/></params><groups><group name="default"><users>'
            f'<user id="{user}" {self.user_attributes}><params><param name="a1-hash" value="{secret}"/></params>'
            '<variables><variable name="tenant_id" value="t-acme"/>'
            f'<variable name="accountcode" value="{user}"/><variable name="user_context" value="default"/>'
            f'<variable name="effective_caller_id_name" value="Name {user}"/>'
            f'<variable name="effective_caller_id_number" value="{user}"/>'
            '<variable name="callgroup" value="sales"/></variables>'
            "</user></users></group></groups></domain></section></document>"
        )

    def local(self, request: dict[str, str]) -> str:
        """`extensions` by number, else a plain bridge to ``user/<number>@acme.test`` as on the recorded switch."""
        number = request["Caller-Destination-Number"]
        actions = self.extensions.get(number) or [
            ("set", "hangup_after_bridge=true"),
            ("set", "call_timeout=30"),
            ("export", f"dialed_extension={number}"),
            ("bridge", f"user/{number}@{REALM}"),
        ]
        if number.startswith("nosuch"):
            return NOT_FOUND
        return dialplan(request["Caller-Context"], actions)

    def asked(self, **wanted: str) -> list[dict[str, str]]:
        return [one for one in self.requests if all(one.get(name) == value for name, value in wanted.items())]


async def eventually(ready: Callable[[], bool], timeout: float = 5) -> None:
    """Wait for a condition nobody announces."""
    async with asyncio.timeout(timeout):
        while not ready():
            await asyncio.sleep(0.01)


def dialplan(context: str, actions: list[tuple[str, str]]) -> str:
    escaped = [(name, data.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")) for name, data in actions]
    rows = "".join(f'<action application="{name}" data="{data}"/>' for name, data in escaped)
    return (
        f'<document type="freeswitch/xml"><section name="dialplan"><context name="{context}"><extension name="local">'
        f'<condition field="destination_number" expression="^(.*)$">{rows}</condition></extension></context></section>'
        "</document>"
    )


Event = dict[str, str]


def split_frames(data: bytes) -> list[tuple[dict[str, str], bytes]]:
    """Frames as (headers, body); the first of a repeated header counts. Raises on left-over bytes."""
    frames = []
    while data:
        head, separator, data = data.partition(b"\n\n")
        assert separator, head
        headers: dict[str, str] = {}
        for line in head.decode().split("\n"):
            name, _, value = line.partition(": ")
            headers.setdefault(name, value)
        length = int(headers.get("Content-Length", 0))
        assert len(data) >= length
        frames.append((headers, data[:length]))
        data = data[length:]
    return frames


def parse_plain(body: bytes) -> Event:
    event: Event = {}
    for line in body.decode().partition("\n\n")[0].split("\n"):
        name, _, value = line.partition(": ")
        event.setdefault(name, unquote(value))
    return event


def recorded(name: str) -> list[Event]:
    """The events of a transcript."""
    frames = split_frames((DATA / f"{name}.s2c.bin").read_bytes())
    return [parse_plain(body) for head, body in frames if head.get("Content-Type") == "text/event-plain"]


def by_channel(events: list[Event], direction: str | None = None) -> dict[str, list[str]]:
    """Event names per channel, in the order of each channel's first event; only those every run has."""
    channels: dict[str, list[str]] = {}
    for event in events:
        uuid = event.get("Unique-ID")
        if not uuid or event["Event-Name"] in ("COMMAND", "PRIVATE_COMMAND"):
            continue
        name = event["Event-Name"]
        if name in ("CHANNEL_STATE", "CHANNEL_CALLSTATE"):
            name += ":" + event["Channel-State" if name == "CHANNEL_STATE" else "Channel-Call-State"]
        if name in ("CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE"):
            name += ":" + event["Application"]
        channels.setdefault(uuid, []).append(name)
    return channels


class Client:
    """A blocking-free event-socket client for tests: sends a command, reads frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.events: list[Event] = []
        self.frames: list[tuple[dict[str, str], bytes]] = []
        self.replies: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
        self._arrived = asyncio.Event()
        self.task = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def open(cls, port: int, password: str = "ClueCon") -> Client:
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        head, _ = await client.reply()
        assert head["Content-Type"] == "auth/request"
        assert await client.command(f"auth {password}") == "+OK accepted"
        return client

    async def _read(self) -> None:
        try:
            while True:
                head = await self.reader.readuntil(b"\n\n")
                headers: dict[str, str] = {}
                for line in head.decode().strip("\n").split("\n"):
                    name, _, value = line.partition(": ")
                    headers.setdefault(name, value)
                is_connect = headers.get("Event-Name") == "CHANNEL_DATA"
                length = 0 if is_connect else int(headers.get("Content-Length", 0))
                body = await self.reader.readexactly(length) if length else b""
                self.frames.append((headers, body))
                kind = headers.get("Content-Type")
                if kind == "text/event-plain":
                    self.events.append(parse_plain(body))
                elif kind == "text/event-json":
                    self.events.append(json.loads(body))
                else:
                    self.replies.put_nowait((headers, body))
                self._arrived.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.replies.put_nowait(({"Content-Type": "closed"}, b""))
            self._arrived.set()

    async def reply(self, timeout: float = 5) -> tuple[dict[str, str], bytes]:
        return await asyncio.wait_for(self.replies.get(), timeout)

    async def command(self, text: str, body: str = "") -> str:
        self.writer.write(f"{text}\n\n{body}".encode())
        headers, content = await self.reply()
        return content.decode() if headers["Content-Type"] == "api/response" else headers.get("Reply-Text", "")

    async def api(self, text: str) -> str:
        return await self.command(f"api {text}")

    async def lab(self, **request: object) -> dict:
        return json.loads(await self.api("lab " + json.dumps(request)))

    async def wait_for(self, ready: Callable[[list[Event]], bool], timeout: float = 5) -> list[Event]:
        async with asyncio.timeout(timeout):
            while not ready(self.events):
                self._arrived.clear()
                await self._arrived.wait()
        return self.events

    async def wait_event(self, name: str, count: int = 1, timeout: float = 5) -> list[Event]:
        await self.wait_for(lambda events: sum(one["Event-Name"] == name for one in events) >= count, timeout)
        return [one for one in self.events if one["Event-Name"] == name]

    def close(self) -> None:
        self.task.cancel()
        self.writer.close()
