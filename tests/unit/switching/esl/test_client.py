"""The client against a switch made of a raw socket: login, jobs, loss, reconnecting, a reader that never stops."""

import asyncio

import pytest

from apps.switching.esl import commands
from apps.switching.esl.client import EslClient
from apps.switching.esl.errors import (
    AuthenticationFailed,
    CommandFailed,
    CommandRefused,
    CommandTimeout,
    ConnectionLost,
)
from apps.switching.esl.event_queue import EventQueue
from apps.switching.esl.persistent import Backoff, PersistentClient
from tests.unit.switching.esl.support import api_response, fake_switch, json_event, raw_frames, recorded, reply, until

QUICK = Backoff(first=0.01, longest=0.05)
REJECTED = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"


def obliging(command, writer):
    """Answers everything as FreeSWITCH would, jobs at once."""
    words = command.line.split(" ", 2)
    if words[0] == "api":
        writer.write(api_response(words[2] if words[1] == "echo" else "-ERR no such command\n"))
    elif words[0] == "bgapi":
        job = command.headers["job-uuid"]
        event = b'{"Event-Name":"BACKGROUND_JOB","Job-UUID":"%s","_body":"%s"}' % (job.encode(), words[2].encode())
        writer.write(b"Content-Type: command/reply\nReply-Text: +OK Job-UUID: x\nJob-UUID: %s\n\n" % job.encode())
        writer.write(json_event(event))
    elif words[0] == "event":
        writer.write(reply("+OK event listener enabled json"))
    elif words[0] != "silent":
        writer.write(reply("-ERR command not found"))


async def connect(switch, **options):
    return await EslClient.connect("127.0.0.1", switch.port, "ClueCon", **options)


async def test_login_api_and_close():
    lost = []
    async with fake_switch(obliging) as switch:
        client = await connect(switch, on_lost=lambda *args: lost.append(args))
        good, bad = await asyncio.gather(client.api("echo", "Zoë 日本"), client.api("nonsense"))
        assert (good.ok, good.text) == (True, "Zoë 日本")
        assert (bad.ok, bad.text) == (False, "-ERR no such command\n")
        await client.close()
        assert not client.connected
        assert [command.line for command in switch.heard][-1] == "exit"
        with pytest.raises(ConnectionLost):
            await client.api("status")
    assert lost == []


async def test_wrong_password():
    async with fake_switch(obliging) as switch:
        with pytest.raises(AuthenticationFailed, match="invalid"):
            await EslClient.connect("127.0.0.1", switch.port, "wrong")


async def raw_server(first: bytes, close: bool):
    async def serve(reader, writer):
        writer.write(first)
        if not close:
            await reader.read()
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("first", "close", "error"),
    [
        (REJECTED, True, AuthenticationFailed),
        (b"", True, ConnectionLost),
        (b"", False, ConnectionLost),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, ConnectionLost),
        (b"Content-Type: text/html\n\n", False, ConnectionLost),
        (b"Content-Type: auth/request\n\nContent-Type: text/disconnect-notice\n\n", False, ConnectionLost),
    ],
)
async def test_who_is_no_switch_of_ours(first, close, error):
    server = await raw_server(first, close)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(error):
        await EslClient.connect("127.0.0.1", port, "ClueCon", timeout=0.5)
    server.close()


async def test_nobody_listens():
    server = await raw_server(b"", True)
    port = server.sockets[0].getsockname()[1]
    server.close()
    with pytest.raises(ConnectionLost, match="cannot reach"):
        await EslClient.connect("127.0.0.1", port, "ClueCon", timeout=1.0)


async def test_jobs_by_id_even_when_the_result_comes_with_the_reply():
    async with fake_switch(obliging) as switch:
        client = await connect(switch)
        numbers = range(20)
        jobs = (client.bgapi("originate", f"number-{number}", job_uuid=f"job-{number}") for number in numbers)
        results = await asyncio.gather(*jobs)
        assert [result.text for result in results] == [f"number-{number}" for number in numbers]
        assert [result.job_uuid for result in results] == [f"job-{number}" for number in numbers]
        failed = await client.bgapi("originate", "-ERR USER_NOT_REGISTERED")
        assert (failed.ok, failed.text) == (False, "-ERR USER_NOT_REGISTERED")
        lines = [command.line for command in switch.heard]
        assert lines.count("event json BACKGROUND_JOB") == 1
        assert lines[0].startswith("event")
        await client.close()


async def test_a_refused_or_silent_job():
    def answer(command, writer):
        writer.write(reply("-ERR no" if "refuse" in command.line else "+OK"))

    async with fake_switch(answer) as switch:
        client = await connect(switch)
        assert (await client.bgapi("refuse")).text == "-ERR no"
        with pytest.raises(CommandTimeout):
            await client.bgapi("slow", job_uuid="mine", timeout=0.05)
        waiting = asyncio.ensure_future(client.bgapi("slow", job_uuid="mine"))
        await asyncio.sleep(0)
        with pytest.raises(CommandRefused, match="already running"):
            await client.bgapi("slow", job_uuid="mine")
        switch.writers[0].transport.abort()
        with pytest.raises(ConnectionLost):
            await waiting


async def test_a_late_reply_goes_to_nobody_and_the_next_ones_stay_in_order():
    release = asyncio.Event()

    async def answer(command, writer):
        if command.line == "api echo slow":
            await release.wait()
        obliging(command, writer)

    async with fake_switch(answer) as switch:
        client = await connect(switch)
        with pytest.raises(CommandTimeout):
            await client.api("echo", "slow", timeout=0.05)
        after = asyncio.ensure_future(client.api("echo", "after"))
        await asyncio.sleep(0)
        release.set()
        assert (await after).text == "after"
        await client.close()


async def test_send_gives_refusals_and_order_raises_them():
    async with fake_switch(obliging) as switch:
        client = await connect(switch)
        assert not (await client.send(commands.linger())).ok
        with pytest.raises(CommandFailed, match="command not found"):
            await client.order(commands.linger())
        await client.close()


async def test_loss_fails_what_waits_and_is_told_once():
    lost = []
    async with fake_switch(lambda command, writer: writer.transport.abort()) as switch:
        client = await connect(switch, on_lost=lambda *args: lost.append(args))
        with pytest.raises(ConnectionLost):
            await client.api("status")
    assert [args[0] for args in lost] == [client]


async def test_garbage_ends_the_connection():
    lost = []
    async with fake_switch(lambda command, writer: writer.write(b"\n\n\n")) as switch:
        client = await connect(switch, on_lost=lambda *args: lost.append(args[1]))
        with pytest.raises(ConnectionLost, match="out of step"):
            await client.api("status")
    assert "out of step" in str(lost[0])


async def test_events_reach_the_consumer_whose_mistakes_do_not_stop_the_reader():
    seen = []

    def consume(event):
        seen.append(event.name)
        raise RuntimeError("a consumer's mistake")

    stream = b"".join(raw_frames(recorded("k1-short-call-json"))[3:])

    def answer(command, writer):
        obliging(command, writer)
        if command.line.startswith("event"):
            writer.write(stream + json_event(b"not json"))

    async with fake_switch(answer) as switch:
        client = await connect(switch, on_event=consume)
        await client.subscribe("CHANNEL_CREATE", "CHANNEL_ANSWER", custom=["sofia::register"])
        assert switch.heard[0].line == "event json CHANNEL_CREATE CHANNEL_ANSWER CUSTOM sofia::register"
        await until(lambda: len(seen) == 7)
        assert seen[0] == "CHANNEL_CREATE"
        assert (await client.api("echo", "still here")).text == "still here"
        await client.close()


async def test_a_consumer_that_takes_nothing_never_stops_the_reader():
    """The switch writes far more than any socket buffer holds; all of it is read although nobody takes from the
    queue."""
    frame = json_event(b'{"Event-Name":"CHANNEL_STATE","filler":"%s"}' % (b"x" * 5000))
    count = 6000

    async def answer(command, writer):
        obliging(command, writer)
        if command.line.startswith("event"):
            for _ in range(count // 100):
                writer.write(frame * 100)
                await writer.drain()

    async with fake_switch(answer) as switch:
        queue = EventQueue(size=100)
        client = await connect(switch, on_event=queue.put)
        await client.subscribe("CHANNEL_STATE")
        await until(lambda: len(queue) + sum(queue.shed.values()) == count, 20)
        assert len(queue) == 100
        assert client.bytes_received > count * 5000
        assert (await client.api("echo", "quick")).text == "quick"
        await client.close()


async def test_persistent_client_reconnects_subscribes_and_resyncs():
    connected, lost = [], []

    async def resync(client):
        connected.append((await client.api("echo", "[]")).text)

    async with fake_switch(obliging) as switch:
        keeper = PersistentClient(
            "127.0.0.1",
            switch.port,
            "ClueCon",
            events=["HEARTBEAT"],
            on_connected=resync,
            on_lost=lost.append,
            backoff=QUICK,
        )
        with pytest.raises(ConnectionLost):
            _ = keeper.client
        keeper.start()
        first = await keeper.wait_connected(5)
        assert (await first.api("echo", "1")).text == "1"
        switch.writers[-1].transport.abort()
        await until(lambda: len(connected) == 2 and keeper.connected)
        assert keeper.client is not first
        assert len(lost) == 1
        assert [command.line for command in switch.heard].count("event json HEARTBEAT") == 2
        await keeper.stop()
        assert not keeper.connected


async def test_a_failed_resync_is_tried_again():
    tries = []

    async def resync(client):
        tries.append(client)
        if len(tries) == 1:
            raise RuntimeError("the database was away")

    def forget(error):
        raise RuntimeError("a mistake")

    async with fake_switch(obliging) as switch:
        keeper = PersistentClient(
            "127.0.0.1", switch.port, "ClueCon", on_connected=resync, on_lost=forget, backoff=QUICK
        )
        keeper.start()
        assert await keeper.wait_connected(5) is tries[1]
        switch.writers[-1].transport.abort()
        await until(lambda: len(tries) == 3 and keeper.connected)
        await keeper.stop()


async def test_persistent_client_waits_for_a_switch_that_comes_later():
    async with fake_switch(obliging) as switch:
        port = switch.port
        await switch.stop()
        keeper = PersistentClient("127.0.0.1", port, "ClueCon", backoff=QUICK, timeout=0.5)
        keeper.start()
        with pytest.raises(ConnectionLost, match="cannot reach"):
            await keeper.wait_connected(0.1)
        await switch.start()
        await keeper.wait_connected(5)
        await keeper.stop()


async def test_persistent_client_leaves_a_switch_that_went_silent():
    def mute(command, writer):
        if switch.logins > 1:
            obliging(command, writer)

    async with fake_switch(mute) as switch:
        lost = []
        keeper = PersistentClient(
            "127.0.0.1", switch.port, "ClueCon", backoff=QUICK, silence=0.05, timeout=0.05, on_lost=lost.append
        )
        keeper.start()
        await until(lambda: switch.logins > 1 and keeper.connected)
        assert isinstance(lost[0], CommandTimeout)
        await keeper.stop()


def test_pauses_grow_and_are_spread():
    backoff = Backoff(first=1, longest=10)
    assert all(0.5 <= backoff.pause(0) <= 1 for _ in range(50))
    assert all(5 <= backoff.pause(99) <= 10 for _ in range(50))
    assert len({backoff.pause(3) for _ in range(20)}) > 10
