"""The test phones themselves, talking to each other without a switch: what they say about audio can be believed."""

import asyncio

import pytest

from tests.telephony.sip_phone import SipPhone
from tests.telephony.sipp import Sipp

pytestmark = pytest.mark.sip
SIPP_MARK, OUR_MARK = 0x35, 0x2A


async def test_our_phone_hears_itself_through_sipps_echo() -> None:
    callee = Sipp()
    await callee.start("answer", ("127.0.0.1", 9))
    phone = await SipPhone(mark=OUR_MARK).open(("127.0.0.1", callee.port))
    try:
        call = await phone.call("1001", "127.0.0.1", "1002")
        await call.until(call.rung)
        await call.until(call.answered)
        async with asyncio.timeout(5):
            while call.audio.heard[OUR_MARK] < 25:
                await asyncio.sleep(0.02)
        call.hang_up()
    finally:
        phone.close()
        await callee.close()


@pytest.mark.parametrize(("scenario", "status"), [("busy", 486), ("ring", 487)])
async def test_sipp_refuses_or_is_cancelled(scenario: str, status: int) -> None:
    callee = Sipp()
    await callee.start(scenario, ("127.0.0.1", 9))
    phone = await SipPhone().open(("127.0.0.1", callee.port))
    try:
        call = await phone.call("1001", "127.0.0.1", "1002")
        if scenario == "ring":
            await call.until(call.rung)
            call.hang_up()
        await call.until(call.ended)
        assert call.status == status
    finally:
        phone.close()
        await callee.close()


async def test_our_phone_hears_sipp_as_a_carrier() -> None:
    caller = Sipp()
    phone = await SipPhone(mark=OUR_MARK).open(("127.0.0.1", caller.port))
    try:
        await caller.call(("127.0.0.1", phone.port), "+13125550100", "+13125550111", SIPP_MARK)
        (call,) = phone.rang
        assert call.ended.is_set()
        assert call.audio.heard[SIPP_MARK] > 25
    finally:
        phone.close()
        await caller.close()
