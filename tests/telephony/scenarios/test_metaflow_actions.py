"""Each thing that keys or the API do in a conversation: that it happens, and that the conversation is what it should be
afterwards. Transfers, conferences, hold by the phone, parking and moving are in the modules beside this one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.telephony.cast import Cast, Line, talk
from tests.telephony.scenarios.test_media import sine, uploaded
from tests.telephony.scenarios.test_metaflows import Office
from tests.telephony.scenarios.test_metaflows import office as office
from tests.telephony.scenarios.test_recording import recordings
from tests.telephony.scenarios.test_transfer import channel_of
from tests.telephony.sip_call import KeyWay
from tests.telephony.sip_parties import SipLine
from tests.telephony.stack import until
from tests.web_server import Answer, customer_server

TONE = 440


async def keys_do(office: Office, module: str, **data: Any) -> None:
    """`*5` does it for everybody of the account."""
    document = {"digit_timeout": 1000, "numbers": {"5": {"module": module, "data": data}}}
    await office.customer.post("metaflows", document)


async def sound_of(office: Office, seconds: float = 6.0) -> str:
    """A sound of the account: a tone."""
    return await uploaded(office.customer, "Tone", sine(TONE, "WAV", seconds, 16_000), "audio/wav")


async def press(line: Line, way: KeyWay = "rfc2833") -> None:
    await line.press("*5", way)


@pytest.mark.parametrize("way", ["rfc2833", "info"])
async def test_hold_until_a_key(cast: Cast, office: Office, way: KeyWay) -> None:
    await keys_do(office, "hold", unhold_key="0", moh_bleg="tone_stream://%(4000,0,440);loops=-1")
    call, ring = await office.talking()
    await press(call, way)
    await ring.hears_tone(TONE)
    if cast.is_real:
        await does_not_hear(ring, call)
    await call.press("0", way)
    await talk(call, ring)
    # And again: keys are still listened to.
    await press(call, way)
    await ring.hears_tone(TONE)
    await call.hang_up()
    await ring.ended()


async def test_hold_and_resume_through_the_api(cast: Cast, office: Office) -> None:
    call, ring = await office.talking()
    await office.ask(office.ben, {"action": "hold", "moh_bleg": "tone_stream://%(4000,0,440);loops=-1"})
    await call.hears_tone(TONE)
    await office.ask(office.ben, {"action": "resume"})
    await talk(call, ring)


async def does_not_hear(listener: Line, speaker: Line) -> None:
    assert isinstance(listener, SipLine)
    audio = listener.call.audio

    def silent() -> bool:
        """For the last second."""
        last = max(0, len(audio.samples(0)) - 8000)
        return audio.seconds_of(speaker.tone, last) < 0.2

    await until(silent, "the speaker is heard no more", 8)


async def test_record_on_demand(cast: Cast, office: Office) -> None:
    await keys_do(office, "record_call", action="toggle", format="wav", label="mine")
    call, ring = await office.talking()
    ear = await office.customer.listen("call.RECORD_START.*")
    await press(ring)
    await ear.hears("RECORD_START", seconds=10)
    await talk(call, ring)
    await press(ring)
    found = (await recordings(office.customer))[0]
    assert found["duration_ms"] >= (500 if cast.is_real else 1)
    assert not await call.is_ended()
    await talk(call, ring)


async def test_say_and_tts_and_play(cast: Cast, office: Office) -> None:
    call, ring = await office.talking()
    await office.ask(office.anna, {"action": "play", "id": await sound_of(office), "leg": "both"})
    await call.hears_tone(TONE)
    await ring.hears_tone(TONE)
    await office.ask(office.anna, {"action": "break"})
    await talk(call, ring)
    for asked in ({"action": "say", "text": "123"}, {"action": "tts", "text": "One minute left", "leg": "both"}):
        await office.ask(office.anna, asked)
        await call.hears_sound()
    await talk(call, ring)


@pytest.mark.parametrize("module", ["play", "say", "tts"])
async def test_sounds_by_keys(cast: Cast, office: Office, module: str) -> None:
    data = {"play": {"id": await sound_of(office)}, "say": {"text": "42"}, "tts": {"text": "Hello", "leg": "both"}}
    await keys_do(office, module, **data[module])
    call, ring = await office.talking()
    await press(ring)
    await (ring.hears_tone(TONE) if module == "play" else ring.hears_sound())
    await ring.hang_up()
    await call.ended()


async def test_a_sound_is_broken_off_by_keys(cast: Cast, office: Office) -> None:
    await keys_do(office, "break")
    call, ring = await office.talking()
    await office.ask(office.ben, {"action": "play", "id": await sound_of(office, 60), "leg": "self"})
    await ring.hears_tone(TONE)
    await press(ring)
    await talk(call, ring)


async def test_volume(cast: Cast, office: Office) -> None:
    await keys_do(office, "audio_level", level=4, mode="write")
    call, ring = await office.talking()
    await press(ring)
    await talk(call, ring)
    for asked in ({"level": -4, "mode": "read"}, {"action": "stop"}):
        await office.ask(office.ben, {"action": "metaflow", "data": {"module": "audio_level", "data": asked}})
        await talk(call, ring)


@pytest.mark.parametrize("by", ["keys", "api"])
async def test_into_a_callflow(office: Office, by: str) -> None:
    """Keys send the other party, the API the leg it names. It is the same leg here."""
    flow = await office.customer.flow(["8001"], "device", {"id": office.cleo.device_id})
    await keys_do(office, "callflow", id=flow["id"])
    call, ring = await office.talking()
    if by == "keys":
        await press(ring)
    else:
        await office.ask(office.anna, {"action": "callflow", "id": flow["id"]})
    third = await office.cleo.rings()
    await ring.ended()
    await third.answer()
    await talk(call, third)


async def test_into_a_flow_of_its_own(office: Office) -> None:
    flow = {"module": "device", "data": {"id": office.cleo.device_id}, "children": {}}
    call, ring = await office.talking()
    await office.ask(office.anna, {"action": "callflow", "flow": flow})
    third = await office.cleo.rings()
    await ring.ended()
    await third.answer()
    await talk(call, third)


@pytest.mark.parametrize("by", ["keys", "api"])
async def test_where_a_server_says(office: Office, by: str) -> None:
    flow = {"module": "device", "data": {"id": office.cleo.device_id}, "children": {}}
    with customer_server() as server:
        server.pages["/flow"] = Answer(json.dumps(flow), "application/json")
        await keys_do(office, "pivot", voice_url=f"{server.url}/flow")
        call, ring = await office.talking()
        if by == "keys":
            await press(ring)
        else:
            await office.ask(office.anna, {"action": "pivot", "voice_url": f"{server.url}/flow"})
        third = await office.cleo.rings()
        await third.answer()
        await talk(call, third)
        await ring.ended()
        assert server.requests("/flow")[0].query["Call-ID"]


@pytest.mark.parametrize("by", ["keys", "api"])
async def test_another_takes_the_call(office: Office, by: str) -> None:
    await keys_do(office, "intercept", target_type="device", target_id=office.cleo.device_id)
    call, ring = await office.talking()
    if by == "keys":
        await press(ring)
    else:
        asked = {"action": "intercept", "target_type": "device", "target_id": office.cleo.device_id}
        await office.ask(office.anna, asked)
    third = await office.cleo.rings()
    await third.answer()
    await ring.ended()
    await talk(call, third)


async def test_move_through_the_api(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna", extension="1001")
    desk, cell = (await bakery.user("ben", phones=2)).phones
    await bakery.flow(["1002"], "device", {"id": desk.device_id, "timeout": 15})
    call = await anna.dial("1002")
    ring = await desk.rings()
    await ring.answer()
    await talk(call, ring)
    await bakery.post(f"channels/{await channel_of(bakery, desk)}", {"action": "move"})
    moved = await cell.rings()
    await moved.answer()
    await ring.ended()
    await talk(call, moved)


async def test_hangup_by_keys_over_info(office: Office) -> None:
    await keys_do(office, "hangup")
    call, ring = await office.talking()
    await press(call, "info")
    await call.ended()
    await ring.ended()


async def test_the_api_refuses_what_is_wrong(office: Office) -> None:
    await office.talking()
    path = office.customer.path(f"channels/{await channel_of(office.customer, office.anna)}")
    for asked in (
        {"action": "pivot"},
        {"action": "hold", "unhold_key": "x"},
        {"action": "transfer", "transfer_type": "attended", "target": "1003", "takeback_dtmf": "abc"},
        {"action": "callflow", "flow": {"module": "there is none such"}},
        {"action": "relate", "conference_id": "x", "participant_id": 0, "other_participant": 1},
    ):
        with pytest.raises(AssertionError, match="400"):
            await office.customer.api.request("POST", path, asked)
