"""When the members of a ring group ring (make-busy's RingGroup cases)."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.telephony.cast import Cast, Customer, Phone


@pytest.fixture
async def bakery(cast: Cast) -> Customer:
    return await cast.customer()


async def phones(bakery: Customer, *names: str) -> list[Phone]:
    return [await bakery.phone(name) for name in names]


def member(phone: Phone, **more: Any) -> dict[str, Any]:
    return {"id": phone.device_id, "endpoint_type": "device", **more}


async def test_delays_and_timeouts(bakery: Customer) -> None:
    """TimeoutDelay: each begins and ends in its own time. Devices and users mixed."""
    anna = await bakery.phone("anna")
    ben, cleo, dora = await phones(bakery, "ben", "cleo", "dora")
    eva = await bakery.user("eva")
    endpoints = [
        member(ben, delay=0, timeout=8),
        member(cleo, delay=2, timeout=4),
        member(dora, delay=4, timeout=2),
        {"id": eva.id, "endpoint_type": "user", "delay": 3, "timeout": 4},
    ]
    await bakery.flow(["8001"], "ring_group", {"endpoints": endpoints, "timeout": 10})
    began = time.monotonic()
    await anna.dial("8001")

    async def times(phone: Phone) -> tuple[float, float]:
        ring = await phone.rings(8)
        rung = time.monotonic() - began
        await ring.ended(12)
        return rung, time.monotonic() - began

    seen = await asyncio.gather(*(times(phone) for phone in (ben, cleo, dora, eva.phones[0])))
    wanted = [(0, 8), (2, 6), (4, 6), (3, 7)]
    for (rung, ended), (start, end) in zip(seen, wanted, strict=True):
        assert abs(rung - start) < 2, seen
        assert abs(ended - end) < 2, seen


@pytest.mark.parametrize("strategy", [{}, {"strategy": "simultaneous"}])
async def test_all_at_once(bakery: Customer, strategy: dict[str, str]) -> None:
    """StrategyNone, StrategySimultaneous"""
    anna, ben, cleo = await phones(bakery, "anna", "ben", "cleo")
    data = {"endpoints": [member(ben), member(cleo)], "timeout": 10, **strategy}
    await bakery.flow(["8002"], "ring_group", data)
    await anna.dial("8002")

    async def moment(phone: Phone) -> float:
        await phone.rings()
        return time.monotonic()

    one, other = await asyncio.gather(moment(ben), moment(cleo))
    assert abs(one - other) < 1


async def test_one_after_the_other(bakery: Customer) -> None:
    """StrategySingle"""
    anna, ben, cleo = await phones(bakery, "anna", "ben", "cleo")
    data = {"endpoints": [member(ben, timeout=3), member(cleo, timeout=3)], "strategy": "single", "timeout": 3}
    await bakery.flow(["8004"], "ring_group", data)
    call = await anna.dial("8004")
    first = await ben.rings()
    await cleo.stays_silent(1)
    await first.ended(6)
    second = await cleo.rings(4)
    assert not await call.is_ended()
    await second.ended(6)
    assert await call.ended() == 480
