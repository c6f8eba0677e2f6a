"""A call over the outbound socket: the switch's part is played from recordings, with our own ids put into them."""

import asyncio
import re
from contextlib import asynccontextmanager

import pytest

from apps.switching.esl.errors import CallHungUp, CommandFailed, CommandRefused, CommandTimeout
from apps.switching.esl.server import OutboundServer
from tests.unit.switching.esl.support import (
    REPLY_OK,
    api_response,
    json_event,
    raw_frames,
    read_command,
    recorded,
    reply,
    until,
)

CONNECT_REPLY = raw_frames(recorded("f5-"))[0]
CALL = "6158b8b5-a4d3-4dc9-81d6-d91cad23ecad"
BRIDGE_LEGS = ",".join(f"[leg_timeout=20]user/u{n:04}@acme.test" for n in range(1000))


class Recording:
    """The event frames of one f-recording, grouped by the application they belong to."""

    def __init__(self, name: str) -> None:
        frames = raw_frames(recorded(name))
        self.connect_reply = frames[0]
        self.frames = frames[1:]

    def events(self, name: str, application: str = "") -> list[bytes]:
        found = []
        for frame in self.frames:
            plain = re.search(rb"^Event-Name: %s$" % name.encode(), frame, re.M)
            in_json = b'"Event-Name":"%s"' % name.encode() in frame
            belongs = re.search(rb'^Application: %s$|"Application":"%s"' % (2 * (application.encode(),)), frame, re.M)
            if (plain or in_json) and (not application or belongs):
                found.append(frame)
        return found

    def notices(self) -> list[bytes]:
        return [frame for frame in self.frames if frame.startswith(b"Content-Type: text/disconnect-notice")]

    def ending(self) -> bytes:
        """CHANNEL_HANGUP and everything the switch sent after it, replies left out."""
        start = next(i for i, frame in enumerate(self.frames) if re.search(rb"CHANNEL_HANGUP\b(?!_)", frame))
        return b"".join(f for f in self.frames[start:] if b"Content-Type: command/reply" not in f)


def with_id(frame: bytes, event_uuid: str) -> bytes:
    """Put our Application-UUID into a recorded event; ids are equally long, so the frame stays right."""
    return re.sub(rb'(Application-UUID(?:: |":"))[0-9a-f-]{36}', rb"\g<1>" + event_uuid.encode(), frame)


class Call:
    """The switch's side of one outbound connection."""

    def __init__(self, port: int, recording: Recording) -> None:
        self.port = port
        self.recording = recording
        self.heard = []
        self.answers = {}
        self.reader = self.writer = None

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        self.task = asyncio.ensure_future(self._run())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        self.writer.transport.abort()

    def say(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))

    async def _run(self):
        try:
            while True:
                command = await read_command(self.reader)
                self.heard.append(command)
                self._answer(command)
        except (EOFError, ConnectionError):
            self.writer.close()

    def _answer(self, command):
        word = command.line.split(" ")[0]
        application = command.headers.get("execute-app-name", "")
        if (own := self.answers.get(application or word)) is not None:
            own(command)
        elif word == "connect":
            self.say(self.recording.connect_reply)
        elif word == "exit":
            self.say(reply("+OK bye"), self.recording.notices()[-1])
            self.writer.close()
        elif application:
            self.say(REPLY_OK, *self.finished(command))
        elif command.headers.get("call-command") == "hangup":
            self.say(REPLY_OK, self.recording.ending())
        else:
            self.say(reply("+OK Events Enabled"))

    def finished(self, command) -> list[bytes]:
        """The recorded CHANNEL_EXECUTE and CHANNEL_EXECUTE_COMPLETE of this application, under the id we were sent."""
        application = command.headers["execute-app-name"]
        frames = [
            self.recording.events(name, application)[0] for name in ("CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE")
        ]
        return [with_id(frame, command.headers["event-uuid"]) for frame in frames]

    def lines(self):
        return [command.line for command in self.heard]


@asynccontextmanager
async def serving(handler, **options):
    failures = []

    async def guarded(session):
        try:
            await handler(session)
        except AssertionError as error:
            failures.append(error)
            raise

    server = OutboundServer(guarded, **options)
    await server.start()
    try:
        yield server
        await until(lambda: server.sessions == 0)
    finally:
        await server.stop(grace=0.1)
    if failures:
        raise failures[0]


async def test_start_takes_the_call_over_in_one_go():
    seen = {}

    async def handler(session):
        with pytest.raises(CommandRefused):
            _ = session.uuid
        channel = await session.start(linger=3)
        assert channel is session.channel_data
        seen.update(uuid=session.uuid, to=channel.get("Channel-Destination-Number"))

    async with serving(handler) as server, Call(server.port, Recording("f5-")) as call:
        await until(lambda: "exit" in call.lines())
        assert call.lines() == ["connect", "linger 3", "myevents json", "exit"]
    assert seen == {"uuid": CALL, "to": "8084"}


async def test_execute_waits_for_its_own_completion():
    results = []

    async def handler(session):
        await session.start()
        results.append(await session.execute("answer"))
        results.append(await session.execute("set", "my_var=hello, world"))

    async with serving(handler) as server, Call(server.port, Recording("f1-")) as call:
        await until(lambda: len(results) == 2)
    assert [(event.name, event.get("Application")) for event in results] == [
        ("CHANNEL_EXECUTE_COMPLETE", "answer"),
        ("CHANNEL_EXECUTE_COMPLETE", "set"),
    ]
    sent = [command for command in call.heard if command.line == "sendmsg"]
    assert sent[1].argument == "my_var=hello, world"
    assert [event.get("Application-UUID") for event in results] == [command.headers["event-uuid"] for command in sent]


async def test_somebody_elses_completion_is_not_ours():
    released = asyncio.Event()

    async def handler(session):
        await session.start()
        with pytest.raises(CommandTimeout):
            await session.execute("answer", timeout=0.05)
        released.set()

    async with serving(handler) as server, Call(server.port, Recording("f1-")) as call:
        recorded_one = call.recording.events("CHANNEL_EXECUTE_COMPLETE", "answer")[0]
        call.answers["answer"] = lambda command: call.say(REPLY_OK, recorded_one)
        await asyncio.wait_for(released.wait(), 5)


@pytest.mark.parametrize("name", ["f2-", "f3-", "f5-", "f7-"])
async def test_the_caller_hangs_up_in_the_middle_of_playback(name):
    """With linger the final event comes, without it does not; either way the application's wait ends at the hang-up."""
    outcome = {}

    async def handler(session):
        await session.start()
        await session.execute("answer")
        with pytest.raises(CallHungUp) as caught:
            await session.execute("playback", "tone_stream://%(5000,0,440)")
        outcome["cause"] = caught.value.cause
        outcome["hung_up"] = session.hung_up.name
        complete = await session.wait_complete(5)
        outcome["complete"] = complete and complete.name
        for again in (session.execute("playback", "x"), session.wait_for(lambda event: True)):
            with pytest.raises(CallHungUp):
                await again
        with pytest.raises(CallHungUp):
            session.execute_nowait("playback", "x")
        await session.hangup()

    async with serving(handler) as server, Call(server.port, Recording(name)) as call:
        call.answers["playback"] = lambda command: call.say(REPLY_OK, call.recording.ending())
        await until(lambda: "complete" in outcome)
    lingered = name != "f3-"
    wanted = "CHANNEL_HANGUP_COMPLETE" if lingered else None
    assert outcome == {"cause": "NORMAL_CLEARING", "hung_up": "CHANNEL_HANGUP", "complete": wanted}


async def test_hang_up_that_comes_before_the_reply_to_execute():
    """As in f1 (an unknown application ended the call): notice and hang-up stand before the reply to what we sent."""
    outcome = []

    async def handler(session):
        await session.start()
        with pytest.raises(CallHungUp) as caught:
            await session.execute("bridge", "user/1002@acme.test")
        outcome.append((caught.value.cause, session.lingering))

    async with serving(handler) as server, Call(server.port, Recording("f1-")) as call:
        linger, _final = call.recording.notices()
        hangup = call.recording.events("CHANNEL_HANGUP")[0]
        call.answers["bridge"] = lambda command: call.say(linger, hangup, REPLY_OK)
        await until(lambda: outcome != [])
        assert outcome == [("DESTINATION_OUT_OF_ORDER", True)]


@pytest.mark.parametrize("doing", ["execute", "api", "bgapi", "wait_for", "start", "watch"])
async def test_a_lost_socket_is_a_hang_up_without_cause(doing):
    outcome = []

    async def handler(session):
        if doing != "start":
            await session.start()
        work = {
            "start": session.start,
            "execute": lambda: session.execute("playback", "x"),
            "api": lambda: session.api("status"),
            "bgapi": lambda: session.bgapi("status"),
            "wait_for": lambda: session.wait_for(lambda event: False),
            "watch": lambda: session.watch("other"),
        }[doing]
        if doing == "wait_for":
            session.post_quietly(b"api x\n\n")
        with pytest.raises(CallHungUp) as caught:
            await work()
        outcome.append((caught.value.cause, session.hung_up, session.ended))
        assert await session.wait_complete(1) is None

    async with serving(handler) as server, Call(server.port, Recording("f5-")) as call:
        for word in ("playback", "api", "bgapi", "filter", *(["connect"] if doing == "start" else [])):
            call.answers[word] = lambda command: call.writer.transport.abort()
        await until(lambda: outcome != [])
    assert outcome == [(None, None, True)]


async def test_a_bridge_to_a_thousand_phones_arrives_whole():
    async def handler(session):
        await session.start()
        await session.execute("bridge", BRIDGE_LEGS)
        await session.execute("set", "a=b")

    async with serving(handler) as server, Call(server.port, Recording("f1-")) as call:
        completed = call.recording.events("CHANNEL_EXECUTE_COMPLETE", "set")[0]
        call.answers["bridge"] = lambda command: call.say(REPLY_OK, with_id(completed, command.headers["event-uuid"]))
        await until(lambda: "exit" in call.lines())
        sent = [command for command in call.heard if command.line == "sendmsg"]
        assert sent[0].argument == BRIDGE_LEGS
        assert sent[1].argument == "a=b"


async def test_we_hang_up():
    causes = []

    async def handler(session):
        await session.start()
        await session.hangup("USER_BUSY")
        await session.wait_complete()
        causes.append(session.hangup_cause)

    async with serving(handler) as server, Call(server.port, Recording("f5-")) as call:
        await until(lambda: causes != [])
        sent = next(command for command in call.heard if command.headers.get("call-command") == "hangup")
        assert sent.headers["hangup-cause"] == "USER_BUSY"
    assert causes == ["NORMAL_CLEARING"]


async def test_another_leg_is_heard_through_a_filter():
    """`myevents` never lets the b-leg's events through (recorded in f7), so named events and filters are used
    instead."""
    b_leg = "a0048479-f620-444f-b938-6bc80d757da7"
    seen = []

    async def handler(session):
        await session.start(events=["CHANNEL_ANSWER", "CHANNEL_HANGUP"], linger=None)
        stop = session.on_event(lambda event: seen.append((event.name, event.uuid)))
        gone = asyncio.ensure_future(
            session.wait_for(lambda event: event.uuid == b_leg and event.name == "CHANNEL_HANGUP", timeout=5)
        )
        await asyncio.sleep(0)
        await session.watch(b_leg)
        assert (await gone).get("Hangup-Cause") == "NORMAL_CLEARING"
        assert not session.ended
        await session.unwatch(b_leg)
        stop()

    async with serving(handler) as server, Call(server.port, Recording("f7-")) as call:
        answer = call.recording.events("CHANNEL_ANSWER")[0]
        hangup = call.recording.events("CHANNEL_HANGUP")[0]
        own = re.search(rb"^Unique-ID: (.*)$", answer, re.M)[1]

        def filtered(command):
            call.say(reply("+OK filter added. [Unique-ID]=[x]"))
            if command.line == f"filter Unique-ID {b_leg}":
                call.say(*(frame.replace(own, b_leg.encode()) for frame in (answer, hangup)))

        call.answers["filter"] = filtered
        await until(lambda: "exit" in call.lines())
        assert call.lines() == [
            "connect",
            f"filter Unique-ID {own.decode()}",
            f"filter Job-Owner-UUID {own.decode()}",
            "event json CHANNEL_ANSWER CHANNEL_HANGUP",
            f"filter Unique-ID {b_leg}",
            f"filter delete Unique-ID {b_leg}",
            "exit",
        ]
    assert seen == [("CHANNEL_ANSWER", b_leg), ("CHANNEL_HANGUP", b_leg)]


async def test_api_and_background_jobs_on_a_call():
    results = []

    async def handler(session):
        await session.start()
        results.append(await session.api("status"))
        results.append(await session.bgapi("originate", "user/1002@acme.test &echo", job_uuid="job-1"))

    async with serving(handler) as server, Call(server.port, Recording("f7-")) as call:
        call.answers["api"] = lambda command: call.say(api_response("UP"))
        job = json_event(b'{"Event-Name":"BACKGROUND_JOB","Job-UUID":"job-1","_body":"+OK 1\\n"}')
        call.answers["bgapi"] = lambda command: call.say(reply("+OK Job-UUID: job-1"), job)
        await until(lambda: len(results) == 2)
        assert "event json BACKGROUND_JOB" in call.lines()
    assert [(result.ok, result.text) for result in results] == [(True, "UP"), (True, "+OK 1\n")]


async def test_events_can_be_looped_over_until_the_end():
    names = []

    async def handler(session):
        await session.start()
        session.execute_nowait("playback", "x")
        names.extend([event.name async for event in session.events()])

    async with serving(handler) as server, Call(server.port, Recording("f5-")) as call:
        call.answers["playback"] = lambda command: call.say(REPLY_OK, call.recording.ending())
        await until(lambda: server.sessions == 0 and names != [])
    assert names[0] == "CHANNEL_HANGUP"
    assert names[-1] == "CHANNEL_HANGUP_COMPLETE"


async def test_a_refused_application_and_a_refused_connect():
    outcome = []

    async def handler(session):
        await session.start()
        with pytest.raises(CommandFailed, match="invalid session"):
            await session.execute("playback", "x", uuid="other-leg")
        outcome.append(session.ended)

    async with serving(handler) as server, Call(server.port, Recording("f5-")) as call:
        call.answers["playback"] = lambda command: call.say(reply("-ERR invalid session id [other-leg]"))
        await until(lambda: outcome != [])
        assert call.heard[3].line == "sendmsg other-leg"

    async def refused(session):
        with pytest.raises(CommandFailed, match="connect was answered"):
            await session.start()
        outcome.append("refused")

    async with serving(refused) as server, Call(server.port, Recording("f5-")) as call:
        call.answers["connect"] = lambda command: call.say(reply("-ERR no"))
        await until(lambda: outcome == [False, "refused"])


async def test_a_handlers_mistake_ends_only_its_own_call():
    served = []

    async def handler(session):
        await session.start()
        served.append(session)
        if len(served) == 1:
            raise RuntimeError("a mistake")
        await session.execute("answer")

    async with serving(handler) as server:
        async with Call(server.port, Recording("f1-")) as first:
            await until(lambda: "exit" in first.lines())
        async with Call(server.port, Recording("f1-")) as second:
            await until(lambda: "exit" in second.lines())
            assert "sendmsg" in second.lines()


async def test_more_calls_than_we_take_are_turned_away_at_once():
    async def handler(session):
        await session.start()
        await session.wait_ended()

    async with serving(handler, max_sessions=1) as server, Call(server.port, Recording("f5-")) as first:
        await until(lambda: len(first.lines()) == 3)
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await until(lambda: server.turned_away == 1)
        writer.close()
        assert server.sessions == 1


async def test_only_allowed_addresses_hand_calls_over():
    asked = []

    async def handler(session):
        raise AssertionError("the call was taken")

    def allowed(address):
        asked.append(address)
        return False

    async with serving(handler, allowed=allowed) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        assert (asked, server.turned_away, server.sessions) == (["127.0.0.1"], 1, 0)


async def test_stopping_the_server_ends_its_calls():
    cancelled = []

    async def handler(session):
        await session.start()
        try:
            await session.execute("park")
        except asyncio.CancelledError:
            cancelled.append(session)
            raise

    server = OutboundServer(handler)
    await server.start()
    async with Call(server.port, Recording("f7-")) as call:
        call.answers["park"] = lambda command: call.say(REPLY_OK)
        await until(lambda: "sendmsg" in call.lines())
        await server.stop(grace=0.05)
    assert len(cancelled) == 1
    assert server.sessions == 0
