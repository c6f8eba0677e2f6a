"""A call server that dies in the middle of a recorded call: the switch records on, and nothing is lost."""

from __future__ import annotations

import asyncio

import pytest

from tests.telephony.cast import Cast, talk
from tests.telephony.scenarios.test_recording import TALK_SECONDS, recordings

pytestmark = pytest.mark.timeout(300)


async def test_what_is_recorded_is_stored_all_the_same(cast: Cast) -> None:
    rule = {"account": {"any": {"any": {"enabled": True, "format": "wav"}}}}
    bakery = await cast.customer(call_recording=rule)
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben", extension="1002")
    call = await anna.dial("1002")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    cast.stack.end("calls-1", roughly=True)
    await asyncio.sleep(TALK_SECONDS)
    await call.hang_up()
    found = (await recordings(bakery))[0]
    assert found["duration_ms"] >= TALK_SECONDS * 1000, "it went on without the call server"
    cast.stack.begin("calls-1")
