"""The outbound socket: a call server controls a channel (transcripts f1, f2, f8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from apps.switching.lab.world import LabPhone
from tests.unit.switching.lab.support import Client, Office, parse_plain, recorded, split_frames


class CallServer:
    """Accepts FreeSWITCH's connections and hands each to the test."""

    def __init__(self) -> None:
        self.connections: asyncio.Queue[Client] = asyncio.Queue()
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.put_nowait(Client(reader, writer))


@pytest.fixture
async def call_server() -> AsyncIterator[CallServer]:
    server = CallServer()
    listening = await server.start()
    yield server
    listening.close()


async def control(client: Client, application: str, argument: str = "", uuid: str = "", lock: bool = True) -> str:
    lines = ["sendmsg", "call-command: execute", f"execute-app-name: {application}"]
    if uuid:
        lines.append(f"Event-UUID: {uuid}")
    if lock:
        lines.append("event-lock: true")
    if argument:
        lines.append(f"execute-app-arg: {argument}")
    return await client.command("\n".join(lines))


Wanted = Callable[[list], bool]
Start = Callable[..., Awaitable[Client]]


async def test_async_full_with_linger(office: Office, phones: list[LabPhone], call_server: CallServer) -> None:
    office.extensions["8084"] = [("socket", f"127.0.0.1:{call_server.port} async full"), ("hangup", "USER_BUSY")]
    call = phones[0].call("8084")
    client = await call_server.connections.get()
    client.writer.write(b"connect\n\n")
    head, _ = await client.reply()
    assert (head["Socket-Mode"], head["Control"], head["Reply-Text"]) == ("async", "full", "%2BOK%0A")
    assert "Content-Length" not in head
    real = split_frames(client and _transcript("f1-outbound-async-full-linger5"))[0][0]
    names = [name for name in head if not name.startswith("variable_")]
    assert names == [name for name in real if not name.startswith("variable_")]
    assert await client.command("linger 1") == "+OK will linger 1 seconds"
    assert await client.command("myevents") == "+OK Events Enabled"
    assert await client.command("divert_events on") == "+OK events diverted"
    assert await control(client, "answer", uuid="app-1") == "+OK"
    assert await control(client, "set", "my_var=hello, world", uuid="app-2") == "+OK"
    assert await control(client, "playback", "tone_stream://%(300,0,440)", uuid="app-3") == "+OK"
    text = "body_var=arg in a content-length body"
    head = "sendmsg\ncall-command: execute\nexecute-app-name: set\nContent-Type: text/plain\n"
    assert await client.command(f"{head}Content-Length: {len(text)}", text) == "+OK"
    await client.wait_for(lambda events: any(one.get("Application-UUID") == "app-3" for one in events))
    assert await client.command("getvar my_var") == "hello, world"
    assert await client.command("getvar nosuch") == "-ERR command not found"
    assert await control(client, "nosuchapp", "zzz") == "+OK"
    head, _ = await client.reply()
    assert (head["Content-Disposition"], head["Linger-Time"]) == ("linger", "1")
    head, body = await client.reply()
    assert head["Content-Disposition"] == "disconnect"
    assert body.startswith(b"Disconnected, goodbye.")
    assert (await client.reply())[0]["Content-Type"] == "closed"
    assert await call.ended() == "DESTINATION_OUT_OF_ORDER"
    mine = _steps(client.events)
    theirs = _steps(recorded("f1-outbound-async-full-linger5"))
    assert mine == theirs
    responses = {
        one["Application"]: one["Application-Response"] for one in client.events if "Application-Response" in one
    }
    assert responses["playback"] == "FILE PLAYED"
    assert client.events[-1]["variable_body_var"] == "arg in a content-length body"


def _transcript(name: str) -> bytes:
    from tests.unit.switching.lab.support import DATA

    data = (DATA / f"{name}.s2c.bin").read_bytes()
    return data.partition(b"\n\n")[0] + b"\n\n"


def _steps(events: list) -> list[str]:
    steps = [one["Event-Name"] + ":" + one.get("Application", one["Channel-State"]) for one in events]
    return [step for step in steps if not step.startswith("CHANNEL_PARK")]


async def test_the_caller_hangs_up(office: Office, phones: list[LabPhone], call_server: CallServer) -> None:
    office.extensions["8084"] = [("socket", f"127.0.0.1:{call_server.port} async full")]
    call = phones[0].call("8084")
    client = await call_server.connections.get()
    for command in ("connect", "linger", "myevents"):
        await client.command(command)
    await control(client, "answer")
    await control(client, "playback", "tone_stream://%(5000,0,440)")
    await client.wait_event("CHANNEL_EXECUTE", 2)
    call.hang_up()
    head, _ = await client.reply()
    assert (head["Content-Disposition"], head["Linger-Time"]) == ("linger", "-1")
    assert _steps(client.events) == _steps(recorded("f2-outbound-caller-hangs-up-linger"))
    assert await client.command("exit") == "+OK bye"
    assert (await client.reply())[0]["Content-Disposition"] == "disconnect"


async def test_without_linger_the_end_is_not_seen(
    office: Office, phones: list[LabPhone], call_server: CallServer
) -> None:
    office.extensions["8084"] = [("socket", f"127.0.0.1:{call_server.port} async full")]
    call = phones[0].call("8084")
    client = await call_server.connections.get()
    for command in ("connect", "myevents"):
        await client.command(command)
    await control(client, "answer")
    await client.wait_event("CHANNEL_ANSWER")
    call.hang_up()
    assert (await client.reply())[0]["Content-Disposition"] == "disconnect"
    assert (await client.reply())[0]["Content-Type"] == "closed"
    assert not [one for one in client.events if one["Event-Name"] == "CHANNEL_HANGUP_COMPLETE"]


async def test_nobody_listens_and_the_dialplan_goes_on(office: Office, phones: list[LabPhone]) -> None:
    office.extensions["8084"] = [("socket", "127.0.0.1:9 async full")]
    call = phones[0].call("8084")
    assert await call.ended() == "NORMAL_CLEARING"
    assert call.sip_status == 480
    office.extensions["8085"] = [("socket", "127.0.0.1:9 async full"), ("respond", "503")]
    call = phones[0].call("8085")
    await call.ended()
    assert call.sip_status == 503


async def test_closing_goes_on_with_the_next_action(
    office: Office, phones: list[LabPhone], call_server: CallServer
) -> None:
    office.extensions["8084"] = [("socket", f"127.0.0.1:{call_server.port} async full"), ("hangup", "CALL_REJECTED")]
    call = phones[0].call("8084")
    client = await call_server.connections.get()
    await client.command("connect")
    client.close()
    assert await call.ended() == "CALL_REJECTED"


async def test_sync_mode_answers_when_the_application_ends(
    office: Office, phones: list[LabPhone], call_server: CallServer
) -> None:
    office.extensions["8084"] = [("socket", f"127.0.0.1:{call_server.port}")]
    call = phones[0].call("8084")
    client = await call_server.connections.get()
    client.writer.write(b"connect\n\n")
    head, _ = await client.reply()
    assert (head["Socket-Mode"], head["Control"]) == ("static", "single-channel")
    loop = asyncio.get_running_loop()
    started = loop.time()
    assert await control(client, "playback", "silence_stream://300") == "+OK"
    assert loop.time() - started >= 0.29
    assert await client.command("event plain ALL") == "-ERR command not found"
    assert await client.command("api status") == "-ERR command not found"
    await control(client, "hangup", "USER_BUSY")
    assert await call.ended() == "USER_BUSY"


async def test_digits_are_collected(office: Office, phones: list[LabPhone], call_server: CallServer) -> None:
    office.extensions["8084"] = [("socket", f"127.0.0.1:{call_server.port} async full")]
    call = phones[0].call("8084")
    client = await call_server.connections.get()
    for command in ("connect", "linger", "myevents"):
        await client.command(command)
    await control(client, "answer")
    await control(client, "play_and_get_digits", "2 4 1 2000 # tone_stream://%(60000,0,440) silence got \\d+")
    await client.wait_event("CHANNEL_EXECUTE", 2)
    call.send_dtmf("123#")
    await client.wait_event("CHANNEL_EXECUTE_COMPLETE", 2)
    assert await client.command("getvar got") == "123"
    await control(client, "bridge", "user/1002@acme.test")
    bridged = await client.wait_event("CHANNEL_BRIDGE")
    assert bridged[0]["Unique-ID"] == call.uuid
    call.send_dtmf("7")
    await phones[1].rang[0].call.heard("7")
    call.hang_up()
    await call.ended()
    assert parse_plain
