"""The call port on a real FreeSWITCH: what the lab switch models is true there, and sound really passes."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from apps.switching.calls import commands, conference_commands, recording_commands
from apps.switching.calls.dial_string import Leg, Redial
from apps.switching.calls.port import (
    BridgeRequest,
    BridgeResult,
    Call,
    CallerHungUp,
    CallerLeft,
    ConferenceRequest,
    Recorded,
    RecordRequest,
)
from apps.switching.lab.sound_files import write_wav
from tests.integration.switching.real_node import (
    FAX_TONE,
    FREESWITCH,
    SILENCE,
    TONE,
    RealNode,
    is_complete,
    loudness,
    seconds_of,
)
from tests.telephony.stack import until
from tests.unit.switching.lab.test_sound_files import Files

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.freeswitch,
    pytest.mark.timeout(120),
    pytest.mark.skipif(FREESWITCH is None, reason="no freeswitch on the PATH: the call port was NOT tried on it"),
]
T = TypeVar("T")
LOUD, QUIET = 1_000, 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealNode]:
    async with RealNode(tmp_path_factory.mktemp("node")) as found:
        yield found


class Talk:
    """One call our side handles: what came of it, and that it goes on until `over`."""

    def __init__(self, node: RealNode, number: str, does: Callable[[Call], Awaitable[Any]]) -> None:
        self.node, self.number, self._does = node, number, does
        self.call: Call | None = None
        self.person = ""
        self.result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        node.handlers[number] = self._handle

    async def begin(self, sound: str = SILENCE) -> Call:
        self.person = await self.node.call(self.number, sound)
        await until(lambda: self.call, f"{self.number} is handled", 10)
        assert self.call is not None
        return self.call

    async def ended(self, seconds: float = 20) -> Any:
        return await asyncio.wait_for(asyncio.shield(self.result), seconds)

    async def _handle(self, call: Call) -> None:
        self.call = call
        try:
            self.result.set_result(await self._does(call))
        except CallerHungUp as gone:
            self.result.set_result(gone)
            raise


async def park(call: Call) -> None:
    await call.answer()
    await call.wait(None, "tone_stream://%(100,900,440);loops=-1")


async def exists(node: RealNode, uuid: str) -> bool:
    return await node.api("uuid_exists", uuid) == "true"


async def test_a_message_is_recorded_in_a_folder_of_its_own_and_played_back(node: RealNode) -> None:
    async def voicemail(call: Call) -> tuple[Recorded, str, float]:
        await call.answer()
        recorded = await call.record(RecordRequest("acme/one.wav", 2))
        begun = asyncio.get_running_loop().time()
        pressed = await call.play(recorded.path, "#")
        return recorded, pressed, asyncio.get_running_loop().time() - begun

    talk = Talk(node, "voicemail", voicemail)
    await talk.begin(TONE)
    recorded, pressed, played = await talk.ended()
    assert recorded.path == str(node.recordings / "acme" / "one.wav")
    assert seconds_of(Path(recorded.path)) == pytest.approx(recorded.milliseconds / 1000, abs=0.1)
    assert loudness(Path(recorded.path)) > LOUD
    assert (pressed, recorded.key) == ("", "")
    assert played == pytest.approx(recorded.milliseconds / 1000, abs=0.5)


async def test_recording_ends_with_a_key_and_with_silence(node: RealNode) -> None:
    async def two(call: Call) -> list[Recorded]:
        await call.answer()
        return [
            await call.record(RecordRequest("acme/key.wav", 30, terminators="#")),
            await call.record(RecordRequest("acme/silence.wav", 30, silence_seconds=1, silence_threshold=200)),
        ]

    talk = Talk(node, "two", two)
    call = await talk.begin()
    await until(lambda: (node.recordings / "acme" / "key.wav").exists(), "recording has begun")
    await node.api("uuid_recv_dtmf", f"{call.uuid} 5")
    await asyncio.sleep(0.3)
    await node.api("uuid_recv_dtmf", f"{call.uuid} #")
    by_key, by_silence = await talk.ended(10)
    assert by_key.key == "#"
    assert by_silence.key == ""
    assert by_silence.milliseconds < 5_000


async def test_a_sound_stops_after_its_time_on_a_key_and_when_nobody_waits_for_it_any_more(node: RealNode) -> None:
    async def play(call: Call) -> list[Any]:
        await call.answer()
        clock, times = asyncio.get_running_loop().time, []
        for work in (
            call.play(TONE, seconds=1),
            call.wait(1.5, "tone_stream://%(200,0,440)"),
            call.wait(0.5),
            call.wait(1, "/no/such/file.wav"),
        ):
            begun = clock()
            await work
            times.append(clock() - begun)
        music = asyncio.create_task(call.wait(None, TONE))
        await asyncio.sleep(0.5)
        music.cancel()
        await asyncio.wait({music})
        begun = clock()
        await call.play("tone_stream://%(200,0,440)")
        times.append(clock() - begun)
        return [times, await call.play("tone_stream://%(200,0,440)", "5", loops=0)]

    talk = Talk(node, "play", play)
    call = await talk.begin()
    await asyncio.sleep(6)
    await node.api("uuid_recv_dtmf", f"{call.uuid} 5")
    times, pressed = await talk.ended()
    assert times == pytest.approx([1, 1.5, 0.5, 1, 0.2], abs=0.3)
    assert pressed == "5"


async def test_a_conference_of_two_who_hear_each_other(node: RealNode) -> None:
    async def join(call: Call) -> None:
        await call.conference(ConferenceRequest("acme-1", flags=("moderator",)))
        await call.record(RecordRequest("acme/after.wav", 1))

    async def listen(call: Call) -> None:
        await call.start_recording("acme/heard.wav", stereo=True)
        await call.conference(ConferenceRequest("acme-1", flags=("mute",)))

    speaker, listener = Talk(node, "speaker", join), Talk(node, "listener", listen)
    await speaker.begin(TONE)
    await listener.begin(SILENCE)
    listed = conference_commands.list_conference("acme-1")

    async def both() -> bool:
        return (await node.api(listed.name, listed.arguments)).count('"id"') == 2

    await until(both, "both are in the conference", 10)
    await asyncio.sleep(2)
    for command in (
        conference_commands.mute("acme-1", "1"),
        conference_commands.volume("acme-1", "2", 2),
        conference_commands.relate("acme-1", "1", ["2"], "nospeak"),
        conference_commands.play("acme-1", "tone_stream://%(100,0,440)"),
        conference_commands.lock("acme-1"),
        conference_commands.record("acme-1", str(node.recordings / "acme" / "conference.wav")),
        conference_commands.kick("acme-1", "1"),
    ):
        answer = await node.api(command.name, command.arguments)
        assert not answer.startswith("-"), (command, answer)
    assert await speaker.ended() is None, "who is kicked goes on with the call"
    assert isinstance(await _hang_up(node, listener), CallerHungUp)
    heard = node.recordings / "acme" / "heard.wav"
    await until(lambda: is_complete(heard), "the recording is written", 10)
    assert loudness(heard, 1) > LOUD / 2, "the listener heard the speaker"
    assert loudness(heard, 0) < QUIET, "and said nothing"


async def _hang_up(node: RealNode, talk: Talk) -> Any:
    assert talk.call is not None
    await node.api("uuid_kill", talk.call.uuid)
    return await talk.ended()


@pytest.mark.parametrize("what", ["waiting", "ringing", "talking"])
async def test_a_call_is_intercepted_and_nobody_of_us_hangs_it_up(node: RealNode, what: str) -> None:
    async def ring(call: Call) -> BridgeResult:
        if what == "talking":
            await call.answer()
        return await call.bridge(BridgeRequest((Leg(Redial("phone", "internal")),), timeout=30))

    async def phone(call: Call) -> None:
        if what == "talking":
            await park(call)
        else:
            await call.ring_ready()
            await call.sleep(30_000)

    async def pick_up(call: Call) -> bool:
        return await call.intercept(wanted)

    first, second = Talk(node, "first", park if what == "waiting" else ring), Talk(node, "phone", phone)
    third = Talk(node, "third", pick_up)
    call = await first.begin(TONE)
    wanted = call.uuid
    if what == "talking":
        await until(lambda: _bridged(node, wanted), "they talk", 10)
    elif what == "ringing":
        await until(lambda: second.call, "the phone rings", 10)
        await asyncio.sleep(0.5)
        wanted = await _ringing_leg(node, call.uuid)
    other = await third.begin()
    assert isinstance(await third.ended(), CallerLeft)
    assert isinstance(await first.ended(), CallerLeft)
    await asyncio.sleep(1.5)
    assert await exists(node, call.uuid)
    assert await exists(node, other.uuid)
    assert await _bridged(node, other.uuid) == call.uuid
    await call.hang_up()
    assert await exists(node, call.uuid), "not ours to hang up any more"
    await node.api("uuid_kill", call.uuid)

    async def gone() -> bool:
        return not await exists(node, other.uuid)

    await until(gone, "the other one is hung up as well", 10)


async def _ringing_leg(node: RealNode, caller: str) -> str:
    """The leg that rings for a caller: as a pickup finds it, by looking at live channels."""
    return (await node.api("uuid_getvar", f"{caller} originate_signal_bond")).strip()


async def test_intercepting_nobody_leaves_the_caller_with_us(node: RealNode) -> None:
    async def pick_up(call: Call) -> list[bool]:
        return [await call.intercept("00000000-0000-0000-0000-000000000000"), await call.intercept(call.uuid)]

    talk = Talk(node, "nobody", pick_up)
    await talk.begin()
    assert await talk.ended() == [False, False]


@pytest.mark.parametrize(
    ("mode", "heard_by"), [("listen", set()), ("whisper", {"agent"}), ("barge", {"agent", "customer"})]
)
async def test_listening_in(node: RealNode, mode: Any, heard_by: set[str]) -> None:
    async def take(call: Call) -> BridgeResult:
        await call.answer()
        return await call.bridge(BridgeRequest((Leg(Redial("agent", "internal")),), timeout=30))

    async def listen(call: Call) -> None:
        await call.eavesdrop(wanted, mode)

    customer, agent, spy = Talk(node, "queue", take), Talk(node, "agent", park_silently), Talk(node, "spy", listen)
    await customer.begin(SILENCE)
    await until(lambda: agent.call, "they talk", 10)
    assert agent.call is not None
    assert customer.call is not None
    ours = customer.call.uuid
    # The leg to the agent: what is written to it is what the agent hears, and our side of "agent" reads that.
    wanted = await until(lambda: _bridged(node, ours), "they talk", 10)
    await agent.call.start_recording(f"acme/{mode}-agent.wav")
    begun = recording_commands.start_recording(customer.person, str(node.recordings / "acme" / f"{mode}-customer.wav"))
    await node.api(begun.name, begun.arguments)
    await spy.begin(TONE)
    await asyncio.sleep(3)
    await node.api("uuid_kill", customer.person)
    assert await spy.ended() is None, "it ends with the conversation"
    loud = {
        who for who in ("agent", "customer") if loudness(node.recordings / "acme" / f"{mode}-{who}.wav", 0) > LOUD / 4
    }
    assert loud == heard_by


async def _bridged(node: RealNode, uuid: str) -> str:
    """Whom a channel talks to, empty for nobody."""
    found = (await node.api("uuid_getvar", f"{uuid} bridge_uuid")).strip()
    return "" if found.startswith(("_undef_", "-ERR")) else found


async def park_silently(call: Call) -> None:
    await call.answer()
    await call.wait()


async def test_a_recording_of_a_whole_call_with_a_pause(node: RealNode) -> None:
    async def record(call: Call) -> str:
        await call.answer()
        path = await call.start_recording("acme/2026/07/call.wav", minimum=1)
        await call.wait(1.5, "tone_stream://%(100,0,440)")
        await call.pause_recording("acme/2026/07/call.wav", True)
        await call.wait(1.5)
        await call.pause_recording("acme/2026/07/call.wav", False)
        await call.stop_recording("acme/2026/07/call.wav")
        await call.stop_recording("acme/2026/07/call.wav")
        return path

    talk = Talk(node, "record", record)
    await talk.begin(TONE)
    path = Path(await talk.ended())
    assert path == node.recordings / "acme" / "2026" / "07" / "call.wav"
    assert seconds_of(path) == pytest.approx(3, abs=0.5)
    before, after = halves(path)
    assert before > LOUD
    assert after < before / 4, "nothing is kept while it is paused"


def halves(path: Path) -> tuple[float, float]:
    """How loud the caller is in the first and in the last third of a stereo recording."""
    with wave.open(str(path)) as file:
        samples = memoryview(file.readframes(file.getnframes())).cast("h")[::2]
    third = len(samples) // 3
    return sum(map(abs, samples[:third])) / third, sum(map(abs, samples[-third:])) / third


async def test_a_recording_from_the_answer_on_does_not_open_the_audio(node: RealNode) -> None:
    async def record(call: Call) -> bool:
        await call.start_recording("acme/later.wav", after_answer=True)
        await call.start_recording("acme/never.wav", after_bridge=True)
        await call.stop_recording("acme/never.wav")
        await call.sleep(500)
        unanswered = (node.recordings / "acme" / "later.wav").exists()
        await call.answer()
        await call.wait(1)
        return unanswered

    talk = Talk(node, "later", record)
    await talk.begin()
    assert await talk.ended() is False
    assert (node.recordings / "acme" / "later.wav").exists()
    assert not (node.recordings / "acme" / "never.wav").exists()


async def test_a_fax_machine_is_heard(node: RealNode) -> None:
    talk = Talk(node, "fax", _detect)
    await talk.begin(FAX_TONE)
    assert await talk.ended() is True


async def test_a_person_is_no_fax_machine(node: RealNode) -> None:
    talk = Talk(node, "person", _detect)
    await talk.begin(TONE)
    assert await talk.ended() is False


async def _detect(call: Call) -> bool:
    await call.answer()
    return await call.detect_fax(4)


async def test_keys_pressed_in_a_conversation_are_told_of_both(node: RealNode) -> None:
    heard: list[tuple[str, str]] = []
    connected: list[str] = []

    async def on_digit(digit: str, side: str) -> None:
        heard.append((digit, side))

    async def on_connected(uuid: str) -> None:
        connected.append(uuid)

    async def ring(call: Call) -> BridgeResult:
        legs = (Leg(Redial("friend", "internal")),)
        return await call.bridge(BridgeRequest(legs, 30, on_digit=on_digit, on_connected=on_connected))

    talk = Talk(node, "caller", ring)
    Talk(node, "friend", park)
    call = await talk.begin()
    await until(lambda: connected, "they talk", 10)
    await asyncio.sleep(1)
    await node.api("uuid_recv_dtmf", f"{call.uuid} *1")
    await node.api("uuid_recv_dtmf", f"{connected[0]} 2")
    await until(lambda: len(heard) >= 3, "the keys are told", 10)
    assert [digit for digit, side in heard if side == "caller"] == ["*", "1"]
    assert [digit for digit, side in heard if side == "called"] == ["2"]
    hold = commands.hold(call.uuid, True)
    await node.api(hold.name, hold.arguments)
    assert await call.tell_switch(commands.broadcast(call.uuid, "tone_stream://%(100,0,440)", "both"))
    await node.api("uuid_kill", connected[0])
    result = await talk.ended()
    assert (result.answered, result.other_leg) == (True, connected[0])


async def test_a_bridge_that_is_given_up_stops_ringing(node: RealNode) -> None:
    async def ring(call: Call) -> str:
        ringing = asyncio.create_task(call.bridge(BridgeRequest((Leg(Redial("unanswered", "internal")),))))
        await until(lambda: phone.call, "the phone rings", 10)
        ringing.cancel()
        await asyncio.wait({ringing})
        return await call.play("tone_stream://%(100,0,440)")

    async def ignore(call: Call) -> None:
        await call.ring_ready()
        await call.sleep(30_000)

    phone, talk = Talk(node, "unanswered", ignore), Talk(node, "impatient", ring)
    await talk.begin()
    assert await talk.ended() == ""
    assert isinstance(await phone.ended(), CallerHungUp)


async def test_media_is_fetched_from_us_and_recordings_are_sent_to_us(node: RealNode, tmp_path: Path) -> None:
    if await node.api("module_exists", "mod_http_cache") != "true":
        pytest.skip("this FreeSWITCH has no mod_http_cache: fetching media was NOT tried")
    write_wav(tmp_path / "sound.wav", 1)
    files = Files((tmp_path / "sound.wav").read_bytes())
    server = await asyncio.start_server(files.serve, "127.0.0.1", 0)
    files.port = server.sockets[0].getsockname()[1]
    url = f"http_cache://http://127.0.0.1:{files.port}/sound.wav"

    async def play(call: Call) -> float:
        await call.answer()
        begun = asyncio.get_running_loop().time()
        await call.play(f"file_string://{url}!silence_stream://100!{url}")
        took = asyncio.get_running_loop().time() - begun
        await call.play(f"http_cache://http://127.0.0.1:{files.port}/none.wav")
        return took

    talk = Talk(node, "media", play)
    await talk.begin()
    assert await talk.ended() == pytest.approx(2.1, abs=0.5)
    assert files.asked.count(("GET", "/sound.wav")) == 1
    path = node.recordings / "acme" / "sent.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(files.sound)
    put = await node.api("http_put", f"http://127.0.0.1:{files.port}/put/one {path}")
    assert put == "+OK 201\n"
    assert files.taken["/put/one"] == files.sound
    assert (await node.api("http_put", f"http://127.0.0.1:{files.port}/none {path}")).startswith("-ERR")
    removed = commands.remove_recording(str(path))
    assert (await node.api(removed.name, removed.arguments)).startswith("+OK")
    assert not path.exists()
    server.close()


async def test_transferred_away(node: RealNode) -> None:
    async def send(call: Call) -> None:
        await call.answer()
        await call.transfer("somewhere")

    talk, target = Talk(node, "sender", send), Talk(node, "somewhere", park)
    call = await talk.begin()
    assert isinstance(await talk.ended(), CallerLeft)
    await until(lambda: target.call, "the target is reached", 10)
    assert target.call is not None
    assert target.call.uuid == call.uuid
    moved = commands.transfer(call.uuid, "third")
    third = Talk(node, "third", park)
    await node.api(moved.name, moved.arguments)
    assert isinstance(await target.ended(), CallerLeft)
    await until(lambda: third.call, "the third is reached", 10)
    assert isinstance(await _hang_up(node, third), CallerHungUp)
