"""A recording goes on when the phone whose leg is recorded transfers its caller: one recording, from first to last."""

from __future__ import annotations

import asyncio

import pytest

from tests.telephony.cast import Cast, Line, talk
from tests.telephony.scenarios.test_metaflows import Office
from tests.telephony.scenarios.test_metaflows import office as office
from tests.telephony.scenarios.test_recording import fetched, loudness, recordings
from tests.telephony.scenarios.test_transfer import channel_of

SECONDS = 2.0


async def recorded(office: Office) -> tuple[Line, Line]:
    """Anna has called ben, and ben has the conversation recorded: on his leg, which will go."""
    call, ring = await office.talking()
    ear = await office.customer.listen("call.RECORD_START.*")
    await office.ask(office.ben, {"action": "record_call", "format": "wav"})
    await ear.hears("RECORD_START", seconds=10)
    await asyncio.sleep(SECONDS)
    return call, ring


async def attended(office: Office, ring: Line) -> Line:
    await ring.hold()
    asking = await office.ben.dial("1003")
    third = await office.cleo.rings()
    await third.answer()
    await talk(asking, third)
    await ring.transfer_to(asking)
    await ring.ended()
    await asking.ended()
    return third


async def blind(office: Office, ring: Line) -> Line:
    await ring.transfer("1003")
    third = await office.cleo.rings()
    await ring.ended()
    await third.answer()
    return third


async def is_running(office: Office) -> None:
    """It has been moved to the leg that stays, which the API shows by ending it there: it is not over before."""
    await asyncio.sleep(SECONDS)
    assert [row["state"] for row in await office.customer.get("recordings")] in ([], ["recording"])


@pytest.mark.parametrize("way", ["attended", "blind"])
async def test_it_goes_on_with_the_other_party(cast: Cast, office: Office, way: str) -> None:
    call, ring = await recorded(office)
    third = await (attended if way == "attended" else blind)(office, ring)
    await talk(call, third)
    await is_running(office)
    await talk(call, third)
    await asyncio.sleep(SECONDS)
    await call.hang_up()
    await third.ended()
    (found,) = await recordings(office.customer)
    assert found["duration_ms"] >= 3 * SECONDS * 1000
    if cast.is_real:
        samples, rate = await fetched(office.customer, found["id"], "audio/wav", "audio/wav")
        last = samples[-int(rate * SECONDS) :]
        heard = [max(loudness(last[:, side], rate, line.tone) for side in (0, 1)) for line in (call, third)]
        assert min(heard) > 0.3, heard


async def test_it_is_ended_where_it_went(office: Office) -> None:
    call, ring = await recorded(office)
    third = await attended(office, ring)
    await talk(call, third)
    await is_running(office)
    path = f"channels/{await channel_of(office.customer, office.anna)}"
    await office.customer.post(
        path, {"action": "metaflow", "data": {"module": "record_call", "data": {"action": "stop"}}}
    )
    (found,) = await recordings(office.customer)
    assert not await call.is_ended()
    assert found["duration_ms"] >= 2 * SECONDS * 1000
    await talk(call, third)
