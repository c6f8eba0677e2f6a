"""Parking: into a slot by transfer, out of it by dialling, and back to whoever parked the call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.telephony.cast import Cast, Customer, Line, Phone, talk
from tests.telephony.stack import until


@dataclass
class Office:
    customer: Customer
    anna: Phone
    ben: Phone
    cleo: Phone

    async def parked(self, slot: str) -> dict[str, Any]:
        """Wait until somebody waits in the slot."""

        async def there() -> dict[str, Any] | None:
            found: dict[str, Any] | None = (await self.customer.get("parked_calls"))["slots"].get(slot)
            return found

        found: dict[str, Any] = await until(there, f"somebody is parked in {slot}", 10)
        return found

    async def empty(self, slot: str) -> None:
        async def gone() -> bool:
            return slot not in (await self.customer.get("parked_calls"))["slots"]

        await until(gone, f"nobody is parked in {slot}", 10)

    async def talking(self) -> tuple[Line, Line]:
        """Anna has called ben."""
        call = await self.anna.dial("1002")
        ring = await self.ben.rings()
        await ring.answer()
        await talk(call, ring)
        return call, ring


@pytest.fixture
async def office(cast: Cast) -> Office:
    customer = await cast.customer()
    anna = await customer.phone("anna", extension="1001")
    ben = await customer.phone("ben", extension="1002")
    cleo = await customer.phone("cleo", extension="1003")
    times = {"default_ringback_timeout": 5000, "default_callback_timeout": 5}
    await customer.flow(["*3"], "park", {"action": "auto", **times}, patterns=[r"^\*3([0-9]+)$"])
    await customer.flow(["*4"], "park", {"action": "park", **times})
    await customer.flow(["*5"], "park", {"action": "retrieve"}, patterns=[r"^\*5([0-9]+)$"])
    return Office(customer, anna, ben, cleo)


async def test_blind(office: Office) -> None:
    """make-busy Park/BlindPark"""
    ear = await office.customer.listen("call.PARK_PARKED.*", "call.PARK_RETRIEVED.*")
    call, ring = await office.talking()
    await ring.transfer("*3101")
    await ring.ended()
    parked = await office.parked("101")
    assert parked["caller_id_number"] == "anna"
    assert parked["parker_id"] == office.ben.device_id
    assert parked["presence_id"] == "*3101"
    await ear.hears("PARK_PARKED")
    await call.hears_sound()
    taking = await office.cleo.dial("*3101")
    await taking.answered()
    await talk(call, taking)
    await ear.hears("PARK_RETRIEVED")
    await office.empty("101")
    await taking.hang_up()
    await call.ended()


async def test_blind_into_a_slot_that_is_taken(office: Office) -> None:
    """make-busy Park/BlindParkToOccupied: the parker gets the second call back"""
    call, ring = await office.talking()
    await ring.transfer("*3101")
    await office.parked("101")
    second = await office.cleo.dial("1002")
    answered = await office.ben.rings()
    await answered.answer()
    await talk(second, answered)
    await answered.transfer("*3101")
    await answered.ended()
    back = await office.ben.rings()
    await back.answer()
    await talk(second, back)
    assert (await office.parked("101"))["caller_id_number"] == "anna"
    await second.hang_up()
    await call.hang_up()
    await office.empty("101")


async def test_attended(office: Office) -> None:
    """make-busy Park/AttendedPark"""
    call, ring = await office.talking()
    await ring.hold()
    asking = await office.ben.dial("*3101")
    await asking.answered()
    await asking.hears_sound()
    assert (await office.customer.get("parked_calls"))["slots"] == {}
    await ring.transfer_to(asking)
    await asking.ended()
    assert (await office.parked("101"))["parker_id"] == office.ben.device_id
    taking = await office.cleo.dial("*3101")
    await taking.answered()
    await talk(call, taking)


async def test_attended_into_the_next_free_slot(office: Office) -> None:
    """make-busy Park/AttendedValetRetrieve"""
    call, ring = await office.talking()
    await ring.hold()
    asking = await office.ben.dial("*4")
    await asking.answered()
    await asking.hears_sound()
    await ring.transfer_to(asking)
    await asking.ended()
    await office.parked("101")
    taking = await office.cleo.dial("*5101")
    await taking.answered()
    await talk(call, taking)


async def test_the_parker_is_rung_when_nobody_takes_the_call(office: Office) -> None:
    """make-busy Park/AttendedParkRingback"""
    call, ring = await office.talking()
    await ring.hold()
    asking = await office.ben.dial("*3101")
    await asking.answered()
    await ring.transfer_to(asking)
    await office.parked("101")
    back = await office.ben.rings()
    assert back.caller_number == "anna"
    await back.answer()
    await talk(call, back)
    await office.empty("101")
    await call.hang_up()


async def test_a_parker_who_does_not_answer_is_rung_again(office: Office) -> None:
    """make-busy Park/AttendedParkIgnoreRingback"""
    call, ring = await office.talking()
    await ring.transfer("*3101")
    first = await office.ben.rings()
    await first.ended()
    await office.parked("101")
    again = await office.ben.rings()
    await again.answer()
    await talk(call, again)


async def test_a_parked_caller_hangs_up(office: Office) -> None:
    ear = await office.customer.listen("call.PARK_ABANDONED.*")
    call, ring = await office.talking()
    await ring.transfer("*3101")
    await office.parked("101")
    await call.hang_up()
    await ear.hears("PARK_ABANDONED")
    await office.empty("101")
    taking = await office.cleo.dial("*5101")
    await taking.answered()
    await taking.ended()
