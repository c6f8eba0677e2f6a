"""Announcements and intercom: phones are told to answer by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.telephony.cast import Cast, Customer, Phone, talk
from tests.telephony.mixes import hears_in_mix, hears_no_more


async def office(cast: Cast, audio: str, later: int = 0, **data: Any) -> tuple[Customer, Phone, list[Phone]]:
    """Anna's 5500 speaks to all of them; `later` is the last one's delay in seconds."""
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    others = [await bakery.phone(name) for name in ("ben", "cora", "dan")]
    endpoints: list[dict[str, Any]] = [{"id": one.device_id, "endpoint_type": "device"} for one in [anna, *others]]
    endpoints[-1]["delay"] = later
    await bakery.flow(["5500"], "page_group", {"audio": audio, "endpoints": endpoints, "timeout": 10, **data})
    return bakery, anna, others


@pytest.mark.parametrize("audio", ["one-way", "two-way"])
async def test_an_announcement(cast: Cast, audio: str) -> None:
    _bakery, anna, others = await office(cast, audio)
    call = await anna.dial("5500")
    rings = [await phone.rings() for phone in others]
    for ring in rings:
        assert ring.invited.answers_itself, ring.headers
        await ring.answer()
    await call.answered()
    if cast.is_real:
        for ring in rings:
            await hears_in_mix(ring, call.tone)
        judge = hears_in_mix if audio == "two-way" else hears_no_more
        await judge(call, rings[0].tone)
        await judge(rings[1], rings[0].tone)
    await call.hang_up()
    for ring in rings:
        assert await ring.ended() == 200
    await cast.idle()


@pytest.mark.parametrize("barges", [False, True], ids=["leaves them in peace", "barges in"])
async def test_phones_that_have_a_call(cast: Cast, barges: bool) -> None:
    bakery, anna, others = await office(cast, "one-way", barge_calls=barges)
    ben, cora, dan = others
    await bakery.flow(["1003"], "device", {"id": cora.device_id})
    talking = await ben.dial("1003")
    ring = await cora.rings()
    await ring.answer()
    await talk(talking, ring)
    call = await anna.dial("5500")
    announced = await dan.rings()
    await announced.answer()
    if barges:
        second = await cora.rings()
        await second.answer()
        if cast.is_real:
            await hears_in_mix(second, call.tone)
    elif cast.is_real:
        await hears_in_mix(announced, call.tone)
        await ben.stays_silent(0.5)
        await cora.stays_silent(0.5)
    await call.hang_up()
    await announced.ended()
    await ring.hears(talking)


async def test_a_phone_that_is_called_later(cast: Cast) -> None:
    _bakery, anna, others = await office(cast, "one-way", later=2)
    call = await anna.dial("5500")
    ring = await others[0].rings()
    await ring.answer()
    await others[-1].stays_silent(1)
    late = await others[-1].rings()
    await late.answer()
    if cast.is_real:
        await hears_in_mix(late, call.tone)
    await call.hang_up()
    await late.ended()


async def test_whoever_answers_too_late_is_not_left_alone(cast: Cast) -> None:
    _bakery, anna, others = await office(cast, "one-way")
    call = await anna.dial("5500")
    ring = await others[0].rings()
    await call.hang_up()
    await ring.answer()
    await ring.ended(20)


async def test_no_phone_answers(cast: Cast) -> None:
    bakery = await cast.customer()
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    endpoints = [{"id": ben.device_id, "endpoint_type": "device"}]
    await bakery.flow(["5500"], "page_group", {"audio": "one-way", "endpoints": endpoints, "timeout": 1})
    call = await anna.dial("5500")
    await ben.rings()
    await call.answered()
    await call.ended(20)


async def test_intercom(cast: Cast) -> None:
    """*0 and the extension, as every account has it."""
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    await bakery.flow([], "intercom", {}, patterns=[r"^\*0([0-9]+)$"])
    call = await anna.dial("*01002")
    ring = await ben.rings()
    assert ring.invited.answers_itself, ring.headers
    await ring.answer()
    await call.hears(ring)
    await ring.hears(call)
    cora = await bakery.phone("cora")
    second = await cora.dial("*01002")
    assert await second.ended() == 486, "he has a call"
    await ben.stays_silent(0.5)
