"""The call port over the event socket, on the lab switch: the same behaviour as on FreeSWITCH
(tests/integration/switching/test_calls_on_freeswitch.py), but every run."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apps.switching.calls import conference_commands, recording_commands
from apps.switching.calls.call_server import CallServer
from apps.switching.calls.dial_string import Contact, Leg
from apps.switching.calls.port import (
    BridgeRequest,
    Call,
    CallerHungUp,
    CallerLeft,
    ConferenceRequest,
    RecordRequest,
    SwitchRefused,
)
from apps.switching.lab.core import LabSettings, LabSwitch
from apps.switching.lab.events import Listener
from apps.switching.lab.world import Answer, LabCall, LabPhone, Ring
from tests.unit.switching.lab.support import REALM, Office, eventually

Does = Callable[[Call], Awaitable[Any]]


@dataclass
class Talk:
    """A call of a phone, and what our side makes of it."""

    phone: LabCall
    call: Call
    result: asyncio.Future[Any]

    async def ended(self) -> Any:
        return await asyncio.wait_for(asyncio.shield(self.result), 10)


class World:
    """Phones 1001 … 1004; `place` has one call, and our side handles that with `does`."""

    def __init__(self, lab: LabSwitch, office: Office) -> None:
        self.lab, self.office = lab, office
        self.server = CallServer(self._handle)
        self.phones: dict[str, LabPhone] = {}
        self._does: dict[str, Does] = {}
        self._begun: dict[str, asyncio.Future[Call]] = {}
        self._ended: dict[str, asyncio.Future[Any]] = {}

    async def place(self, phone: str, number: str, does: Does) -> Talk:
        self.expect(number, does)
        dialled = self.phones[phone].call(number)
        call = await asyncio.wait_for(asyncio.shield(self._begun[number]), 5)
        return Talk(dialled, call, self._ended[number])

    def expect(self, number: str, does: Does) -> asyncio.Future[Any]:
        """What our side does with a call to the number; how it ends."""
        loop = asyncio.get_running_loop()
        self.office.extensions[number] = [("socket", f"127.0.0.1:{self.server.port} async full")]
        self._does[number] = does
        self._begun[number], self._ended[number] = loop.create_future(), loop.create_future()
        return self._ended[number]

    def leg(self, phone: str) -> Leg:
        return Leg(Contact(self.phones[phone].contact))

    async def _handle(self, call: Call) -> None:
        number = call.destination
        self._begun[number].set_result(call)
        try:
            self._ended[number].set_result(await self._does[number](call))
        except CallerHungUp as gone:
            self._ended[number].set_result(gone)
            raise


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    office = Office()
    await office.start()
    settings = LabSettings(
        name="lab-a", xml_curl_url=f"{office.url}/xml", recordings=tmp_path / "recordings", file_seconds=0.2
    )
    async with LabSwitch(settings) as lab:
        found = World(lab, office)
        await found.server.start()
        for number in office.passwords:
            phone = found.phones[number] = LabPhone(number, REALM, "1234")
            assert await lab.register(phone) == 200
        yield found
        await found.server.stop(grace=0.2)
    await office.stop()


async def park(call: Call) -> None:
    await call.answer()
    await call.wait(None, "tone_stream://%(100,900,440)")


async def test_a_message_is_recorded_and_played_back(world: World) -> None:
    async def voicemail(call: Call) -> Any:
        await call.answer()
        recorded = await call.record(RecordRequest("acme/one.wav", 30, terminators="#"))
        assert call.recording_path("acme/one.wav") == recorded.path
        return recorded, await call.play(recorded.path), call.switch

    talk = await world.place("1001", "9000", voicemail)
    await talk.phone.answered()
    await eventually(lambda: world.lab.channels[talk.call.uuid].get("current_application") == "record")
    talk.phone.send_dtmf("5")
    await asyncio.sleep(0.3)
    talk.phone.send_dtmf("#")
    recorded, pressed, switch = await talk.ended()
    assert (recorded.key, pressed, switch) == ("#", "", "lab-a")
    assert 200 <= recorded.milliseconds < 3000
    with wave.open(recorded.path) as file:
        assert file.getnframes() * 1000 / file.getframerate() == pytest.approx(recorded.milliseconds, abs=10)


async def test_who_says_nothing_is_not_recorded_for_ever(world: World) -> None:
    async def voicemail(call: Call) -> Any:
        await call.answer()
        await asyncio.sleep(0.1)
        return await call.record(RecordRequest("acme/silence.wav", 30, silence_seconds=1))

    talk = await world.place("1001", "9000", voicemail)
    talk.phone.says_nothing = True
    assert (await talk.ended()).milliseconds == pytest.approx(1000, abs=300)


@pytest.mark.parametrize("name", ["../one.wav", "/etc/one.wav", "a b.wav", "one.sh", "a/../b.wav", "${x}.wav", ".wav"])
async def test_a_recording_stays_below_its_folder(world: World, name: str) -> None:
    async def record(call: Call) -> Any:
        with pytest.raises(ValueError, match="not a recording's name"):
            await call.record(RecordRequest(name, 1))
        with pytest.raises(ValueError, match="not a recording's name"):
            await call.start_recording(name)

    assert await (await world.place("1001", "9000", record)).ended() is None


async def test_sounds_end_in_time_on_a_key_and_when_nobody_waits(world: World) -> None:
    async def play(call: Call) -> Any:
        await call.answer()
        clock, times = asyncio.get_running_loop().time, []
        for work in (
            call.play("tone_stream://%(60000,0,440)", seconds=1),
            call.wait(0.5, "tone_stream://%(100,0,440)"),
            call.wait(0.3),
            call.wait(0.5, call.recording_path("acme/none.wav")),
        ):
            begun = clock()
            await work
            times.append(clock() - begun)
        music = asyncio.create_task(call.wait())
        await asyncio.sleep(0.2)
        music.cancel()
        await asyncio.wait({music})
        begun = clock()
        await call.play("tone_stream://%(100,0,440)")
        times.append(clock() - begun)
        return times, await call.wait(None, "tone_stream://%(100,0,440)", "5")

    talk = await world.place("1001", "9000", play)
    await eventually(lambda: not talk.result.done() and world.lab.channels[talk.call.uuid].get("x") == "", 1)
    await asyncio.sleep(3.5)
    talk.phone.send_dtmf("5")
    times, pressed = await talk.ended()
    assert times == pytest.approx([1, 0.5, 0.3, 0.5, 0.1], abs=0.25)
    assert pressed == "5"


async def test_a_call_is_recorded_whole_and_from_the_answer_on(world: World) -> None:
    async def record(call: Call) -> Any:
        await call.start_recording("acme/answered.wav", after_answer=True)
        await call.start_recording("acme/never.wav", after_bridge=True)
        await call.stop_recording("acme/never.wav")
        assert not Path(call.recording_path("acme/answered.wav")).exists()
        await call.answer()
        path = await call.start_recording("acme/whole.wav")
        await call.start_recording("acme/short.wav", minimum=10)
        await call.wait(0.3)
        await call.pause_recording("acme/whole.wav", True)
        await call.stop_recording("acme/whole.wav")
        await call.stop_recording("acme/whole.wav")
        with pytest.raises(SwitchRefused):
            await call.pause_recording("acme/whole.wav", False)
        return path

    talk = await world.place("1001", "9000", record)
    with wave.open(await talk.ended()) as file:
        assert file.getnchannels() == 2
        assert file.getnframes() / file.getframerate() == pytest.approx(0.3, abs=0.2)
    talk.phone.hang_up()
    await eventually(lambda: not world.lab.channels)
    folder = world.lab.recordings / "acme"
    assert sorted(file.name for file in folder.iterdir()) == ["answered.wav", "whole.wav"]


async def test_a_conference(world: World) -> None:
    events: list[dict[str, str]] = []
    world.lab.bus.listeners.append(hears := Listener(lambda event: events.append(dict(event.headers))))
    hears.subscription.add({"CUSTOM"}, {"conference::maintenance"})

    async def join(call: Call) -> str:
        await call.conference(ConferenceRequest("acme-1", flags=("moderator", "endconf")))
        return "kicked"

    async def listen(call: Call) -> str:
        await call.conference(ConferenceRequest("acme-1", flags=("mute",), pin="42"))
        return "over"

    first = await world.place("1001", "9000", join)
    await eventually(lambda: "acme-1" in world.lab.conferences)
    second = await world.place("1002", "9001", listen)
    await second.phone.answered()
    second.phone.send_dtmf("42")
    await eventually(lambda: len(world.lab.conferences["acme-1"].members) == 2)
    listed = await first.call.tell_switch(conference_commands.list_conference("acme-1"))
    assert '"can_speak": false' in listed
    for command in (
        conference_commands.mute("acme-1", "2", on=False),
        conference_commands.volume("acme-1", "all", 2),
        conference_commands.lock("acme-1"),
        conference_commands.play("acme-1", "tone_stream://%(100,0,440)"),
        conference_commands.record("acme-1", first.call.recording_path("acme/c.wav")),
        conference_commands.kick("acme-1", "1"),
    ):
        assert (await second.call.tell_switch(command)).startswith("+OK")
    assert [await first.ended(), await second.ended()] == ["kicked", "over"]
    assert await world.lab.run_command("conference acme-1 json_list") == "-ERR Conference acme-1 not found\n"
    told = [one["Action"] for one in events]
    assert told[:3] == ["conference-create", "add-member", "add-member"]
    assert told[-3:] == ["del-member", "stop-recording", "conference-destroy"]
    assert (world.lab.recordings / "acme" / "c.wav").stat().st_size > 44


@pytest.mark.parametrize("what", ["waiting", "ringing", "ringing leg", "talking"])
async def test_a_call_is_picked_up_by_another(world: World, what: str) -> None:
    world.phones["1002"].behaviour = Answer(0.05) if what == "talking" else Ring()

    async def ring(call: Call) -> Any:
        return await call.bridge(BridgeRequest((world.leg("1002"),)))

    async def pick_up(call: Call) -> bool:
        return await call.intercept(wanted)

    first = await world.place("1001", "9000", park if what == "waiting" else ring)
    wanted = first.call.uuid
    if what != "waiting":
        await eventually(lambda: bool(world.phones["1002"].rang))
        there = world.phones["1002"].rang[0].call
        await eventually(lambda: there.is_answered if what == "talking" else there.is_ringing)
        if what == "ringing leg":
            wanted = there.uuid
    await asyncio.sleep(0.1)
    third = await world.place("1003", "9001", pick_up)
    assert isinstance(await third.ended(), CallerLeft)
    assert isinstance(await first.ended(), CallerLeft)
    channels = world.lab.channels
    await eventually(lambda: channels[third.call.uuid].bridged_to is channels[first.call.uuid])
    await first.call.hang_up()
    with pytest.raises(CallerLeft):
        await first.call.play("tone_stream://%(100,0,440)")
    assert first.phone.is_answered
    assert not first.phone.is_ended
    if what != "waiting":
        await there.ended()
    first.phone.hang_up()
    await third.phone.ended()


async def test_intercepting_nobody(world: World) -> None:
    async def pick_up(call: Call) -> Any:
        return [await call.intercept("nobody"), await call.intercept(call.uuid)]

    assert await (await world.place("1001", "9000", pick_up)).ended() == [False, False]


async def test_listening_in_ends_with_the_conversation(world: World) -> None:
    async def listen(call: Call) -> None:
        await call.eavesdrop(first.call.uuid, "whisper")

    first = await world.place("1001", "9000", park)
    second = await world.place("1002", "9001", listen)
    target = world.lab.channels[first.call.uuid]
    await eventually(lambda: target.get("eavesdropped_by") == second.call.uuid)
    assert world.lab.channels[second.call.uuid].get("eavesdrop_whisper_bleg") == "true"
    first.phone.hang_up()
    assert await second.ended() is None


async def test_keys_of_both_sides_in_a_conversation(world: World) -> None:
    told: list[tuple[str, str]] = []

    async def on_digit(digit: str, side: str) -> None:
        told.append((digit, side))

    async def on_connected(uuid: str) -> None:
        told.append((uuid, "connected"))

    async def ring(call: Call) -> Any:
        return await call.bridge(BridgeRequest((world.leg("1002"),), on_digit=on_digit, on_connected=on_connected))

    talk = await world.place("1001", "9000", ring)
    await eventually(lambda: bool(told))
    other = world.phones["1002"].rang[0].call
    talk.phone.send_dtmf("*1")
    other.send_dtmf("2")
    await eventually(lambda: len(told) == 4)
    assert told[0] == (other.uuid, "connected")
    assert sorted(told[1:]) == [("*", "caller"), ("1", "caller"), ("2", "called")]
    await talk.call.start_recording("acme/bridge.wav")
    other.hang_up()
    result = await talk.ended()
    assert (result.answered, result.other_leg) == (True, told[0][0])


async def test_a_bridge_that_is_given_up_stops_ringing(world: World) -> None:
    world.phones["1002"].behaviour = Ring()

    async def ring(call: Call) -> Any:
        ringing = asyncio.create_task(call.bridge(BridgeRequest((world.leg("1002"),))))
        await eventually(lambda: bool(world.phones["1002"].rang) and world.phones["1002"].rang[0].call.is_ringing)
        ringing.cancel()
        await asyncio.wait({ringing})
        return await call.play("tone_stream://%(100,0,440)")

    talk = await world.place("1001", "9000", ring)
    assert await talk.ended() == ""
    assert world.phones["1002"].rang[0].call.is_ended


@pytest.mark.parametrize("is_fax", [True, False])
async def test_a_fax_machine(world: World, is_fax: bool) -> None:
    async def detect(call: Call) -> bool:
        await call.answer()
        await asyncio.sleep(0.1)
        return await call.detect_fax(1)

    talk = await world.place("1001", "9000", detect)
    talk.phone.is_fax = is_fax
    assert await talk.ended() is is_fax


async def test_transferred_by_us_and_by_others(world: World) -> None:
    async def send(call: Call) -> None:
        await call.transfer("9001")

    there = world.expect("9001", park)
    talk = await world.place("1001", "9000", send)
    assert isinstance(await talk.ended(), CallerLeft)
    await asyncio.sleep(0.3)
    elsewhere = world.expect("9002", park)
    await world.lab.run_command(f"uuid_transfer {talk.call.uuid} 9002 XML default")
    assert isinstance(await asyncio.wait_for(there, 5), CallerLeft)
    await asyncio.sleep(0.2)
    talk.phone.hang_up()
    gone = await asyncio.wait_for(elsewhere, 5)
    assert isinstance(gone, CallerHungUp)
    assert not isinstance(gone, CallerLeft)


async def test_send_digits(world: World) -> None:
    async def dial(call: Call) -> None:
        await call.answer()
        await call.send_digits("12#")
        with pytest.raises(ValueError, match="not digits"):
            await call.send_digits("1 2")

    talk = await world.place("1001", "9000", dial)
    await talk.ended()
    assert talk.phone.digits_heard == "12#"


async def test_a_recording_started_from_outside(world: World) -> None:
    talk = await world.place("1001", "9000", park)
    await talk.phone.answered()
    path = talk.call.recording_path("acme/outside.wav")
    await talk.call.tell_switch(recording_commands.start_recording(talk.call.uuid, path))
    await talk.call.tell_switch(recording_commands.stop_recording(talk.call.uuid, path))
    assert Path(path).is_file()
    talk.phone.hang_up()


async def test_a_long_saying_is_heard_whole_and_any_part_of_it_can_be_keyed_over(world: World) -> None:
    pieces = [f"/sounds/{number}-{'x' * 700}.wav" for number in range(6)]

    async def menu(call: Call) -> Any:
        await call.answer()
        pressed = await call.play(f"file_string://{'!'.join(pieces)}")
        asked = f"file_string://{'!'.join(reversed(pieces))}"
        return pressed, await call.collect(asked, maximum=3, timeout=3000, interdigit_timeout=3000)

    talk = await world.place("1001", "9000", menu)
    await talk.phone.answered()
    heard: list[str] = []

    def goes_heard() -> int:
        channel = world.lab.channels.get(talk.call.uuid)
        known = str(channel.get("current_application_data") or "") if channel is not None else ""
        if "file_string" in known and known not in heard:
            heard.append(known)
        return len(heard)

    await eventually(lambda: goes_heard() >= 4)
    for digit in "421":
        talk.phone.send_dtmf(digit)
        await asyncio.sleep(0.05)
    assert await talk.ended() == ("", "421")
    assert [piece for go in heard[:3] for piece in pieces if piece in go] == pieces
