"""What keys, and the API, do in a conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.telephony.cast import Cast, Customer, Line, Phone, talk
from tests.telephony.scenarios.test_transfer import channel_of
from tests.telephony.stack import until

KEYS = {
    "binding_digit": "*",
    "digit_timeout": 2500,
    "numbers": {
        "1": {"module": "hangup"},
        "2": {"module": "record_call", "data": {"action": "toggle"}},
        "3": {"module": "hold_control"},
        "4": {"module": "park"},
        "6": {"module": "move"},
    },
    "patterns": {"^9([0-9]{4})$": {"module": "transfer"}},
}


@dataclass
class Office:
    customer: Customer
    anna: Phone
    ben: Phone
    cleo: Phone

    async def talking(self) -> tuple[Line, Line]:
        """Anna has called ben."""
        call = await self.anna.dial("1002")
        ring = await self.ben.rings()
        await ring.answer()
        await talk(call, ring)
        await self.known(self.anna, self.ben)
        return call, ring

    async def known(self, *phones: Phone) -> None:
        """The system knows that these talk, and listens to their keys."""
        for phone in phones:
            await until(self.is_in(phone, "bridged"), f"{phone} is known to talk", 10)

    async def ask(self, phone: Phone, action: dict[str, Any]) -> None:
        await self.customer.post(f"channels/{await channel_of(self.customer, phone)}", action)

    async def state_of(self, phone: Phone) -> str:
        rows = [row for row in await self.customer.channels() if row["authorizing_id"] == phone.device_id]
        return str((await self.customer.get(f"channels/{rows[0]['uuid']}"))["channel_state"]) if rows else ""

    def is_in(self, phone: Phone, state: str) -> Callable[[], Awaitable[bool]]:
        async def reached() -> bool:
            return await self.state_of(phone) == state

        return reached


@pytest.fixture
async def office(cast: Cast) -> Office:
    customer = await cast.customer()
    anna = await customer.phone("anna", extension="1001")
    ben = await customer.phone("ben", extension="1002")
    cleo = await customer.phone("cleo", extension="1003")
    await customer.flow(["*3"], "park", {"action": "auto"}, patterns=[r"^\*3([0-9]+)$"])
    await customer.flow(["*4"], "park", {"action": "park"})
    return Office(customer, anna, ben, cleo)


async def test_the_called_party_transfers_with_keys(office: Office) -> None:
    await office.customer.post(f"devices/{office.ben.device_id}/metaflows", KEYS)
    call, ring = await office.talking()
    await ring.press("*91003")
    third = await office.cleo.rings()
    assert third.caller_number == "anna"
    await ring.ended()
    await third.answer()
    await talk(call, third)


async def test_the_caller_transfers_with_keys_of_the_account(office: Office) -> None:
    await office.customer.post("metaflows", KEYS)
    call, ring = await office.talking()
    await call.press("*91003")
    third = await office.cleo.rings()
    await call.ended()
    await third.answer()
    await talk(ring, third)


async def test_a_phone_whose_keys_do_nothing_only_sends_them(office: Office) -> None:
    await office.customer.post(f"devices/{office.ben.device_id}/metaflows", KEYS)
    call, ring = await office.talking()
    await call.press("*1")
    await ring.gets_keys("*1")
    await talk(call, ring)
    await ring.press("*1")
    await call.ended()
    await ring.ended()


async def test_hold_and_back(office: Office) -> None:
    await office.customer.post("metaflows", KEYS)
    call, _ring = await office.talking()
    await call.press("*3")
    await until(office.is_in(office.anna, "held"), "anna has put the call on hold", 10)
    # A phone on hold sends no keys.
    await office.ask(office.anna, {"action": "hold_control"})
    await until(office.is_in(office.anna, "bridged"), "anna has taken the call back", 10)


async def test_park_with_keys_and_through_the_api(office: Office) -> None:
    await office.customer.post("metaflows", KEYS)
    call, ring = await office.talking()
    await ring.press("*4")
    await ring.ended()
    await parked(office, office.ben)
    taking = await office.cleo.dial("*3101")
    await talk(call, taking)
    await office.ask(office.anna, {"action": "park", "slot": "102"})
    await taking.ended()
    assert (await parked(office, office.cleo))["slot"] == "102"
    again = await office.ben.dial("*3102")
    await talk(call, again)


async def parked(office: Office, parker: Phone) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        found = (await office.customer.get("parked_calls"))["slots"].values()
        return next((one for one in found if one.get("parker_id") == parker.device_id), None)

    found: dict[str, Any] = await until(there, f"{parker} has parked a call", 10)
    return found


async def test_move_to_another_phone_of_his(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna", extension="1001")
    person = await bakery.user("ben", phones=2)
    desk, cell = person.phones
    await bakery.flow(["1002"], "device", {"id": desk.device_id, "timeout": 15})
    await bakery.post(f"users/{person.id}/metaflows", KEYS)
    call = await anna.dial("1002")
    ring = await desk.rings()
    await ring.answer()
    await talk(call, ring)
    await Office(bakery, anna, desk, cell).known(anna, desk)
    await ring.press("*6")
    moved = await cell.rings()
    await moved.answer()
    await ring.ended()
    await talk(call, moved)


async def test_listen_in_through_the_api(office: Office) -> None:
    call, ring = await office.talking()
    asked = {"action": "eavesdrop", "target_type": "device", "target_id": office.cleo.device_id}
    await office.ask(office.anna, asked)
    listening = await office.cleo.rings()
    await listening.answer()
    await listening.answered()
    await listening.hears_sound()
    await talk(call, ring)


async def test_hold_through_the_api(office: Office) -> None:
    await office.talking()
    await office.ask(office.anna, {"action": "metaflow", "data": {"module": "hold_control", "data": {}}})
    await until(office.is_in(office.anna, "held"), "anna's call is on hold", 10)
    await office.ask(office.anna, {"action": "resume"})
    await until(office.is_in(office.anna, "bridged"), "anna's call is back", 10)
