"""Quick calls: the API has a phone ring, and connects who answers (make-busy's QuickCall cases)."""

from __future__ import annotations

import pytest

from tests.telephony.cast import Cast, Customer, Person, Phone, talk


@pytest.fixture
async def bakery(cast: Cast) -> Customer:
    return await cast.customer()


async def two(bakery: Customer) -> tuple[Person, Phone]:
    anna = await bakery.user("anna", allow_anonymous_quickcalls=True)
    return anna, await bakery.phone("ben", extension="5001")


@pytest.mark.parametrize("of", ["device", "user"])
async def test_both_are_connected(bakery: Customer, of: str) -> None:
    """DeviceCall, UserCall"""
    anna, ben = await two(bakery)
    path = f"devices/{anna.phones[0].device_id}" if of == "device" else f"users/{anna.id}"
    await bakery.get(f"{path}/quickcall/5001")
    ring = await anna.phones[0].rings()
    assert not ring.invited.answers_itself
    await ben.stays_silent(0.3)
    await ring.answer()
    far = await ben.rings()
    await far.answer()
    await talk(ring, far)
    await far.hang_up()
    assert await ring.ended() == 200


@pytest.mark.parametrize("option", ["auto_answer=true", "auto-answer=true"])
@pytest.mark.parametrize("of", ["device", "user"])
async def test_the_phone_answers_by_itself(bakery: Customer, of: str, option: str) -> None:
    """DeviceAutoAnswer, UserAutoAnswer"""
    anna, _ben = await two(bakery)
    path = f"devices/{anna.phones[0].device_id}" if of == "device" else f"users/{anna.id}"
    await bakery.get(f"{path}/quickcall/5001?{option}")
    ring = await anna.phones[0].rings()
    assert ring.invited.answers_itself, ring.headers


async def test_who_is_shown(bakery: Customer) -> None:
    """DeviceCallerId"""
    anna, ben = await two(bakery)
    path = f"devices/{anna.phones[0].device_id}/quickcall/5001"
    await bakery.get(f"{path}?cid-number=5002&cid-name=Reception")
    ring = await anna.phones[0].rings()
    await ring.answer()
    far = await ben.rings()
    assert (far.caller_number, far.caller_name) == ("5002", "Reception")


async def test_without_signing_in(bakery: Customer) -> None:
    """UserAnonymous"""
    anna, ben = await two(bakery)
    token, bakery.api.token = bakery.api.token, ""
    try:
        await bakery.get(f"users/{anna.id}/quickcall/5001")
    finally:
        bakery.api.token = token
    ring = await anna.phones[0].rings()
    await ring.answer()
    await ben.rings()
