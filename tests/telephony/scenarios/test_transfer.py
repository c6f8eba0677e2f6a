"""Transfers: by the phones themselves (REFER), and through the API."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.telephony.cast import Cast, Customer, Phone, talk
from tests.telephony.stack import until

OUTSIDE = "+442079460000"


@dataclass
class Office:
    """Three phones, either of plain devices or of users, that reach each other at 1001 to 1003."""

    customer: Customer
    anna: Phone
    ben: Phone
    cleo: Phone


@pytest.fixture(params=["devices", "users"])
async def office(cast: Cast, request: pytest.FixtureRequest) -> Office:
    customer = await cast.customer()
    phones = []
    for extension, name in (("1001", "anna"), ("1002", "ben"), ("1003", "cleo")):
        if request.param == "devices":
            phones.append(await customer.phone(name, extension=extension))
        else:
            phones += (await customer.user(name, extension=extension)).phones
    return Office(customer, *phones)


async def test_blind(office: Office) -> None:
    """make-busy Device/TransferBlind, User/TransferBlind"""
    call = await office.anna.dial("1002")
    ring = await office.ben.rings()
    await ring.answer()
    await talk(call, ring)
    await ring.transfer("1003")
    third = await office.cleo.rings()
    assert third.caller_number == "anna"
    await ring.ended()
    await third.answer()
    await talk(call, third)
    await call.hang_up()
    await third.ended()


async def test_blind_by_the_caller(office: Office) -> None:
    call = await office.anna.dial("1002")
    ring = await office.ben.rings()
    await ring.answer()
    await talk(call, ring)
    await call.transfer("1003")
    third = await office.cleo.rings()
    await call.ended()
    await third.answer()
    await talk(ring, third)


async def test_attended(office: Office) -> None:
    """make-busy Device/TransferAttended, User/TransferAttended"""
    call = await office.anna.dial("1002")
    ring = await office.ben.rings()
    await ring.answer()
    await talk(call, ring)
    await ring.hold()
    asking = await office.ben.dial("1003")
    third = await office.cleo.rings()
    await third.answer()
    await talk(asking, third)
    await ring.transfer_to(asking)
    await ring.ended()
    await asking.ended()
    await talk(call, third)
    await third.hang_up()
    await call.ended()


async def test_a_caller_from_outside_is_passed_on(cast: Cast) -> None:
    """Within the house, and out again: what the transferring phone may dial, it may transfer to."""
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    await bakery.dial_out()
    number = await bakery.number("", "device", {"id": anna.device_id})
    call = await cast.carrier.dial(number, "+12125550177")
    ring = await anna.rings()
    await ring.answer()
    await talk(call, ring)
    await ring.transfer("1002")
    second = await ben.rings()
    assert second.caller_number == "+12125550177"
    await second.answer()
    await talk(call, second)
    await second.transfer(OUTSIDE)
    out = await cast.carrier.rings()
    assert out.number == OUTSIDE
    await out.answer()
    await talk(call, out)


async def test_attended_with_a_caller_from_outside(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    number = await bakery.number("", "device", {"id": anna.device_id})
    call = await cast.carrier.dial(number)
    ring = await anna.rings()
    await ring.answer()
    await talk(call, ring)
    await ring.hold()
    asking = await anna.dial("1002")
    second = await ben.rings()
    await second.answer()
    await talk(asking, second)
    await ring.transfer_to(asking)
    await talk(call, second)


async def channel_of(customer: Customer, phone: Phone) -> str:
    """The leg of a phone that talks, as the API shows it."""

    async def talking() -> str:
        rows = [row for row in await customer.channels() if row["authorizing_id"] == phone.device_id]
        return str(rows[0]["uuid"]) if rows and rows[0]["answered"] else ""

    found: str = await until(talking, f"the API shows the call of {phone}", 10)
    return found


async def test_through_the_api(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna", extension="1001")
    ben = await bakery.phone("ben", extension="1002")
    cleo = await bakery.phone("cleo", extension="1003")
    call = await anna.dial("1002")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    await bakery.post(f"channels/{await channel_of(bakery, anna)}", {"action": "transfer", "target": "1003"})
    third = await cleo.rings()
    await ring.ended()
    await third.answer()
    await talk(call, third)
    # The other end of a leg is sent on.
    asked = {"action": "transfer", "target": "1002", "leg": "bleg"}
    await bakery.post(f"channels/{await channel_of(bakery, anna)}", asked)
    second = await ben.rings()
    await call.ended()
    await second.answer()
    await talk(third, second)
    await bakery.post(f"channels/{await channel_of(bakery, cleo)}", {"action": "hangup"})
    await third.ended()
    await second.ended()


async def test_a_device_is_told_to_fetch_its_configuration(cast: Cast) -> None:
    cast.sip_only("NOTIFY")
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    await bakery.post(f"devices/{anna.device_id}/sync")
    agent = anna.agent  # type: ignore[attr-defined]

    def told() -> list[str]:
        """A phone that has registered is told of its messages as well."""
        return [event for one in agent.notified if (event := one.header("event")).startswith("check-sync")]

    await until(told, "the phone is told", 10)
