"""Small verbs by what the caller hears, what he may press, and what becomes of him."""

from __future__ import annotations

import asyncio

import pytest

from tests.telephony.cast import Cast, Customer, talk
from tests.telephony.scenarios.test_small_verbs import answers, node, rings
from tests.telephony.sip_parties import SipLine
from tests.telephony.stack import until


@pytest.fixture
async def bakery(cast: Cast) -> Customer:
    return await cast.customer()


async def test_a_row_of_sounds_until_a_key(bakery: Customer) -> None:
    anna = await bakery.phone("anna")
    macros = [
        {"macro": "tone", "frequencies": [950], "duration_on": 1500},
        {"macro": "tts", "text": "You are the next but one."},
        {"macro": "say", "type": "number", "text": "42"},
        {"macro": "play", "id": "tone_stream://%(1000,0,1800)", "endless_playback": True},
    ]
    await answers(bakery, "8000", node("audio_macro", {"macros": macros, "terminators": ["#"]}))
    call = await anna.dial("8000")
    await call.hears_tone(950)
    await call.hears_sound()
    await call.hears_tone(1800, 20)
    await call.press("5")
    await call.hears_tone(1800)
    await call.press("#")
    assert await call.ended() == 200


async def test_keys_are_pressed_here_and_the_call_is_held(cast: Cast, bakery: Customer) -> None:
    anna = await bakery.phone("anna")
    pressed = {"digits": "w12#", "duration_ms": 200}
    await answers(bakery, "8000", node("send_dtmf", pressed, then=node("wait_for_hangup")))
    call = await anna.dial("8000")
    await call.answered()
    await call.gets_keys("12#")
    await asyncio.sleep(1)
    assert not await call.is_ended()
    await call.hang_up()
    await cast.idle()


async def test_a_call_that_waits_is_not_answered(cast: Cast, bakery: Customer) -> None:
    anna = await bakery.phone("anna")
    await answers(bakery, "8000", node("wait_for_hangup"))
    call = await anna.dial("8000")

    async def waits() -> bool:
        return bool(await bakery.channels())

    await until(waits, "the call is there", 10)
    await asyncio.sleep(1)
    assert not await call.is_answered()
    assert not await call.is_ended()
    await call.hang_up()
    assert await call.ended() == 487
    await cast.idle()


async def test_dead_air(cast: Cast, bakery: Customer) -> None:
    anna = await bakery.phone("anna")
    await answers(bakery, "8000", node("dead_air"))
    call = await anna.dial("8000")
    await call.answered()
    await asyncio.sleep(1.5)
    assert await call.is_answered()
    if isinstance(call, SipLine):
        assert call.call.audio.seconds_of_sound() == 0
    await call.hang_up()
    await cast.idle()


async def test_after_the_conversation_the_caller_goes_on(bakery: Customer) -> None:
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    cleo = await bakery.phone("cleo", extension="1003")
    await answers(bakery, "8000", node("after_bridge", {"action": "transfer", "data": "1003"}, then=rings(ben)))
    call = await anna.dial("8000")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    await ring.hang_up()
    third = await cleo.rings()
    await third.answer()
    await talk(call, third)
    await third.hang_up()
    assert await call.ended() == 200


@pytest.mark.parametrize(("action", "stays"), [("park", True), ("hangup", False)])
async def test_after_the_conversation_the_caller_stays_or_leaves(
    cast: Cast, bakery: Customer, action: str, stays: bool
) -> None:
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    await answers(bakery, "8000", node("after_bridge", {"action": action, "data": True}, then=rings(ben)))
    call = await anna.dial("8000")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    await ring.hang_up()
    if stays:
        await asyncio.sleep(1.5)
        assert not await call.is_ended()
        await call.hang_up()
    else:
        assert await call.ended() == 200
    await cast.idle()


async def test_do_not_disturb_by_star_code(bakery: Customer) -> None:
    await bakery.put("feature_codes")
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben", extension="1002")
    for code, disturbed in (("*78", False), ("*79", True), ("*76", False)):
        switching = await ben.dial(code)
        await switching.answered()
        await switching.hears_sound()
        assert await switching.ended() == 200
        call = await anna.dial("1002")
        if disturbed:
            ring = await ben.rings()
            await call.hang_up()
            await ring.ended()
        else:
            assert await call.ended() != 200
            await ben.stays_silent(0.3)


async def test_call_waiting_is_switched_by_dialling(bakery: Customer) -> None:
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben", extension="1002")
    cleo = await bakery.phone("cleo")
    await answers(bakery, "8070", node("call_waiting", {"action": "deactivate"}))
    await answers(bakery, "8071", node("call_waiting", {"action": "activate"}))
    for number, waits in (("8070", False), ("8071", True)):
        switching = await ben.dial(number)
        await switching.hears_sound()
        assert await switching.ended() == 200
        await nobody_calls(bakery)
        call = await anna.dial("1002")
        ring = await ben.rings()
        await ring.answer()
        await talk(call, ring)
        second = await cleo.dial("1002")
        if waits:
            other = await ben.rings()
            await second.hang_up()
            await other.ended()
        else:
            assert await second.ended() == 486
        await call.hang_up()
        await ring.ended()


async def nobody_calls(bakery: Customer) -> None:
    """Wait until it is known that the last call is over: a phone that has one would be busy."""

    async def none() -> bool:
        return not await bakery.channels()

    await until(none, "no call is known", 10)
