"""A scripted call does what its script says, and refuses what the real one refuses."""

from __future__ import annotations

import pytest

from apps.switching.calls import commands
from apps.switching.calls.dial_string import Contact, Leg
from apps.switching.calls.fake import ANSWERED, FakeCall
from apps.switching.calls.port import (
    BridgeRequest,
    Call,
    CallerHungUp,
    CallerLeft,
    ConferenceRequest,
    RecordRequest,
    SwitchRefused,
)

LEG = Leg(Contact("sip:1002@127.0.0.1:5060"))


async def test_the_script_is_followed_and_what_was_done_is_noted() -> None:
    call = FakeCall(digits=["12"], keys=["", "#", "7"], recorded=[0, 1500], intercepts=[False], faxes=[True])
    as_call: Call = call
    assert await as_call.collect("prompt", maximum=4, timeout=1000, interdigit_timeout=1000) == "12"
    assert await as_call.play("a.wav", "#") == ""
    assert await as_call.play("a.wav", "#") == "#"
    assert await as_call.wait(5, "music", "12") == "", "7 is not among the terminators"
    first = await as_call.record(RecordRequest("a/b.wav", 60))
    second = await as_call.record(RecordRequest("a/c.wav", 1))
    assert (first.milliseconds, second.milliseconds) == (0, 1000)
    assert second.path == as_call.recording_path("a/c.wav")
    assert not await as_call.intercept("x")
    assert await as_call.detect_fax(5)
    await as_call.conference(ConferenceRequest("a-1"))
    assert call.details("play") == ["a.wav", "a.wav"]
    assert call.verbs[-1] == "conference"


async def test_a_conversation_tells_its_listeners() -> None:
    heard: list[object] = []

    async def on_digit(digit: str, side: str) -> None:
        heard.append((digit, side))

    async def on_connected(uuid: str) -> None:
        heard.append(uuid)

    call = FakeCall(bridges=[ANSWERED], conversation=[("*", "caller"), ("1", "called")])
    result = await call.bridge(BridgeRequest((LEG,), on_digit=on_digit, on_connected=on_connected))
    assert heard == [result.other_leg, ("*", "caller"), ("1", "called")]


async def test_leaving_is_not_hanging_up() -> None:
    call = FakeCall(intercepts=[True])
    with pytest.raises(CallerLeft):
        await call.intercept("x")
    with pytest.raises(CallerLeft):
        await call.play("a.wav")
    parked = FakeCall(picked_up_after=1)
    with pytest.raises(CallerLeft):
        await parked.wait()
    waiting = FakeCall()
    with pytest.raises(CallerHungUp) as gone:
        await waiting.wait()
    assert not isinstance(gone.value, CallerLeft)
    with pytest.raises(CallerLeft):
        await FakeCall().transfer("2000")


async def test_what_the_switch_answers() -> None:
    call = FakeCall(answers=["[]", "-ERR no"])
    assert await call.tell_switch(commands.hold(call.uuid, True)) == "[]"
    with pytest.raises(SwitchRefused, match="no"):
        await call.tell_switch(commands.hold(call.uuid, False))
    with pytest.raises(ValueError, match="recording's name"):
        await call.start_recording("../x.wav")
