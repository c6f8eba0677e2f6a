"""What the scenarios stand on: phones, carrier, audio, keys, records and events, on both switches."""

from __future__ import annotations

from tests.telephony.cast import Cast, talk


async def test_a_colleague_answers_and_both_hear_each_other(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna", extension="1001")
    ben = await bakery.phone("ben", extension="1002")
    ear = await bakery.listen()
    call = await anna.dial("1002")
    ring = await ben.rings()
    await call.rings()
    await ring.answer()
    await talk(call, ring)
    assert len(await bakery.channels()) == 2
    await ear.hears("CHANNEL_ANSWER", 2)
    await ear.hears("CHANNEL_BRIDGE")
    await call.hang_up()
    assert await ring.ended() == 200
    await ear.hears("CHANNEL_DESTROY", 2)
    legs = await bakery.legs(2)
    assert {leg["hangup_cause"] for leg in legs} == {"NORMAL_CLEARING"}


async def test_keys_by_both_ways_arrive(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    await ben.behave("answer")
    call = await anna.dial("1002")
    ring = await ben.rings()
    await talk(call, ring)
    await call.press("15#")
    await call.press("9", "info")
    await ring.gets_keys("15#9")


async def test_the_carrier_calls_in_and_is_called(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    await bakery.dial_out()
    number = await bakery.number("", "device", {"id": anna.device_id})
    call = await cast.carrier.dial(number, "+12125550199", "Zoë")
    ring = await anna.rings()
    assert (ring.caller_number, ring.caller_name) == ("+12125550199", "Zoë")
    await ring.reject(486)
    assert await call.ended() == 486
    call = await anna.dial("+442079460000")
    out = await cast.carrier.rings()
    assert out.number == "+442079460000"
    await out.answer()
    await talk(call, out)
    await call.hold()
    await call.resume()
    await talk(call, out)
    await out.hang_up()
    await call.ended()
