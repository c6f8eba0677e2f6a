"""Users called and calling on any of their phones (make-busy's User cases)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.telephony.cast import Cast, Customer, Person, talk
from tests.telephony.scenarios.test_device import caller_id, emergency


@pytest.fixture
async def bakery(cast: Cast) -> Customer:
    return await cast.customer()


async def people(bakery: Customer, **of_ben: Any) -> tuple[Person, Person, Person]:
    """Anna with one phone, Ben (2001) and Cleo (2002) with two each."""
    return (
        await bakery.user("anna", extension="2000"),
        await bakery.user("ben", phones=2, extension="2001", **of_ben),
        await bakery.user("cleo", phones=2, extension="2002"),
    )


async def test_all_devices_ring(bakery: Customer) -> None:
    """CallUserDevices"""
    anna, ben, _cleo = await people(bakery)
    call = await anna.phones[0].dial("2001")
    first, second = await ben.phones[0].rings(), await ben.phones[1].rings()
    await first.answer()
    await talk(call, first)
    await second.ended()
    await call.hang_up()
    await first.ended()
    legs = await bakery.legs(3)
    assert {leg["owner_id"] for leg in legs} == {anna.id, ben.id}


async def test_a_device_changes_hands(bakery: Customer) -> None:
    """OwnerChange"""
    anna, ben, cleo = await people(bakery)
    given = ben.phones[1]
    await bakery.patch(f"devices/{given.device_id}", {"owner_id": cleo.id})
    call = await anna.phones[0].dial("2001")
    await ben.phones[0].rings()
    await given.stays_silent(0.5)
    await call.hang_up()
    await call.ended()
    await anna.phones[0].dial("2002")
    await given.rings()


@pytest.mark.parametrize("substitute", [True, False])
async def test_forwarded(bakery: Customer, substitute: bool) -> None:
    """CallForward/Basic, Substitute, NoSubstitute"""
    forward = {"enabled": True, "number": "2002", "require_keypress": False, "substitute": substitute}
    anna, ben, cleo = await people(bakery, call_forward=forward)
    call = await anna.phones[0].dial("2001")
    ring = await cleo.phones[0].rings()
    await cleo.phones[1].rings()
    for phone in ben.phones:
        if substitute:
            await phone.stays_silent(0.3)
        else:
            await phone.rings()
    await ring.answer()
    await talk(call, ring)


async def test_the_number_shown_inside(bakery: Customer) -> None:
    """CallerIdOnnet"""
    anna = await bakery.user("anna", **caller_id("internal", "2000", "Anna"))
    ben = await bakery.user("ben", extension="2001")
    await anna.phones[0].dial("2001")
    ring = await ben.phones[0].rings()
    assert (ring.caller_number, ring.caller_name) == ("2000", "Anna")


async def test_the_number_shown_outside(cast: Cast, bakery: Customer) -> None:
    """CallerIdOffnet"""
    anna = await bakery.user("anna", **caller_id("external", "+13125550143"))
    await bakery.dial_out()
    await anna.phones[0].dial("15553335678")
    out = await cast.carrier.rings()
    assert (out.number, out.caller_number) == ("+15553335678", "+13125550143")


@pytest.mark.parametrize("device", ["+13125550188", ""])
async def test_an_emergency_call(cast: Cast, bakery: Customer, device: str) -> None:
    """CallerIdEmergency: the device's goes first. CallerIdEmergencyUser: else the user's."""
    anna = await bakery.user("anna", phones=0, **caller_id("emergency", "+13125550199", "Anna"))
    own = caller_id("emergency", device, "Oak St") if device else {}
    phone = await bakery.phone("anna", owner=anna, **own)
    out = await emergency(cast, bakery, phone)
    assert out.caller_number == (device or "+13125550199")
    assert out.caller_name == ("Oak St" if device else "Anna")
