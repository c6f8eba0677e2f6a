"""Being called back when somebody is free."""

from __future__ import annotations

import pytest

from apps.foundation.accounts.bridge import in_directory
from apps.pbx.camping.actions import call_back
from apps.pbx.camping.models import Camp
from tests.telephony.cast import Cast, Customer, talk
from tests.telephony.stack import until


@pytest.fixture
async def office(cast: Cast) -> Customer:
    customer = await cast.customer()
    await customer.flow([], "camping_feature", {}, patterns=[r"^\*86([0-9]+)$"])
    return customer


async def test_called_back_when_he_is_free(office: Customer) -> None:
    anna = await office.phone("anna", extension="1001")
    ben = await office.phone("ben", extension="1002")
    cleo = await office.phone("cleo", extension="1003")
    call = await anna.dial("1002")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    asking = await cleo.dial("*861002")
    await asking.answered()
    await asking.hears_sound()
    assert await asking.ended() == 200
    # Nobody is rung while he talks.
    assert await in_directory(call_back) == 0
    await call.hang_up()
    await ring.ended()

    async def called_back() -> bool:
        return await in_directory(call_back) > 0 or not await in_directory(Camp.objects.exists)

    await until(called_back, "cleo is called back", 10)
    back = await cleo.rings()
    assert back.caller_number == "1002"
    await back.answer()
    ring = await ben.rings()
    assert ring.caller_number == "cleo"
    await ring.answer()
    await talk(back, ring)


async def test_who_is_free_is_called_at_once(office: Customer) -> None:
    ben = await office.phone("ben", extension="1002")
    cleo = await office.phone("cleo", extension="1003")
    call = await cleo.dial("*861002")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)


async def test_nobody_to_wait_for(office: Customer) -> None:
    cleo = await office.phone("cleo", extension="1003")
    call = await cleo.dial("*869999")
    await call.answered()
    assert await call.ended() == 200
