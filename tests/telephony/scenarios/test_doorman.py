"""`doorman`: the called person hears the caller's name, and decides."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.telephony.cast import Cast, Customer, Line, Phone, talk


async def guarded(cast: Cast) -> tuple[Customer, Phone, Phone, str]:
    """Anna is behind the doorman of a number; Ben takes what she refuses."""
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben")
    number = await bakery.number()

    def device(phone: Phone) -> dict[str, Any]:
        return {"module": "device", "data": {"id": phone.device_id}, "children": {}}

    data = {"id": anna.device_id, "endpoint_type": "device", "timeout": 20}
    await bakery.flow([number], "doorman", data, children={"REJECTED": device(ben)})
    return bakery, anna, ben, number


async def announced(cast: Cast, anna: Phone, number: str) -> tuple[Line, Line]:
    """The caller has said his name, and Anna has picked up and hears it."""
    call = await cast.carrier.dial(number)
    await call.answered()
    await call.hears_sound()
    if cast.is_real:
        # After the beep he is recorded: what he says all the time is his name, and a key ends it.
        await call.hears_tone(640, 15, lasting=0.3)
        await asyncio.sleep(1.5)  # as long as a name takes
    await call.press("#")
    ring = await anna.rings(25)
    await ring.answer()
    await ring.answered()
    if cast.is_real:
        await ring.hears_tone(call.tone, 20, lasting=0.5)
    else:
        await ring.hears_sound()
    return call, ring


async def test_the_call_is_taken(cast: Cast) -> None:
    _bakery, anna, ben, number = await guarded(cast)
    call, ring = await announced(cast, anna, number)
    await ring.press("1")
    await talk(call, ring)
    await ring.hang_up()
    await call.ended()
    await ben.stays_silent(0.5)


async def test_the_call_is_refused(cast: Cast) -> None:
    _bakery, anna, ben, number = await guarded(cast)
    call, ring = await announced(cast, anna, number)
    await ring.press("2")
    await ring.ended()
    second = await ben.rings()
    await second.answer()
    await talk(call, second)


async def test_colleagues_are_not_asked(cast: Cast) -> None:
    bakery, anna, ben, _number = await guarded(cast)
    await bakery.flow(["1001"], "doorman", {"id": anna.device_id, "endpoint_type": "device"})
    call = await ben.dial("1001")
    ring = await anna.rings()
    assert not await call.is_answered()
    await ring.answer()
    await talk(call, ring)
