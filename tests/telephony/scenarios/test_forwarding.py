"""Forwarding by how ringing ended, by caller and by time; chains, loops, feature codes, restrictions and hotdesking."""

from __future__ import annotations

from typing import Any

import pytest

from tests.telephony.cast import Cast, Customer, Phone, talk
from tests.telephony.stack import until

TO_CLEO: dict[str, Any] = {"enabled": True, "number": "1003", "require_keypress": False}


@pytest.fixture
async def bakery(cast: Cast) -> Customer:
    return await cast.customer()


async def people(bakery: Customer, kind: str = "device", **forward: Any) -> tuple[Phone, Phone, Phone]:
    """Anna calls, Ben (1002) forwards, Cleo is 1003; as devices of their own or as users."""
    document = {"call_forward": forward} if forward else {}
    if kind == "device":
        anna = await bakery.phone("anna", extension="1001")
        ben = await bakery.phone("ben", **document)
        await bakery.flow(["1002"], "device", {"id": ben.device_id, "timeout": 3})
        return anna, ben, await bakery.phone("cleo", extension="1003")
    (anna,) = (await bakery.user("anna", extension="1001")).phones
    person = await bakery.user("ben", **document)
    await bakery.flow(["1002"], "user", {"id": person.id, "timeout": 3})
    (cleo,) = (await bakery.user("cleo", extension="1003")).phones
    return anna, person.phones[0], cleo


both_kinds = pytest.mark.parametrize("kind", ["device", "user"])


@both_kinds
async def test_where_the_phone_is_busy(bakery: Customer, kind: str) -> None:
    anna, ben, cleo = await people(bakery, kind, busy=TO_CLEO)
    await ben.behave("busy")
    call = await anna.dial("1002")
    ring = await cleo.rings()
    await ring.answer()
    await talk(call, ring)


@both_kinds
async def test_where_nobody_answers(bakery: Customer, kind: str) -> None:
    anna, ben, cleo = await people(bakery, kind, no_answer=TO_CLEO)
    call = await anna.dial("1002")
    own = await ben.rings()
    ring = await cleo.rings()
    await own.ended()
    await ring.answer()
    await talk(call, ring)


@both_kinds
async def test_where_no_phone_is_registered(bakery: Customer, kind: str) -> None:
    anna, ben, cleo = await people(bakery, kind, unreachable=TO_CLEO)
    assert await ben.unregister() == 200
    await bakery.cast.forgotten(ben)
    call = await anna.dial("1002")
    ring = await cleo.rings()
    await ring.answer()
    await talk(call, ring)


async def test_do_not_disturb_is_busy(bakery: Customer) -> None:
    anna, ben, cleo = await people(bakery, busy=TO_CLEO)
    await bakery.patch(f"devices/{ben.device_id}", {"do_not_disturb": {"enabled": True}})
    await anna.dial("1002")
    await cleo.rings()
    await ben.stays_silent(0.5)


async def test_some_callers_only(bakery: Customer) -> None:
    """Selective: what Dora dials is forwarded, what Anna dials is not."""
    rule = {**TO_CLEO, "callers": ["1004"]}
    anna, ben, cleo = await people(bakery, selective={"rules": [rule]})
    dora = await bakery.phone("dora", caller_id={"internal": {"name": "Dora", "number": "1004"}})
    call = await anna.dial("1002")
    ring = await ben.rings()
    await call.hang_up()
    await ring.ended()
    await dora.dial("1002")
    await cleo.rings()


async def test_at_some_times_only(bakery: Customer) -> None:
    """A schedule that is switched on by hand forwards; switched off, it does not."""
    schedule = await bakery.put("temporal_rules", {"name": "Holiday", "cycle": "daily", "enabled": True})
    rule = {**TO_CLEO, "schedules": [schedule["id"]]}
    anna, ben, cleo = await people(bakery, selective={"rules": [rule]})
    call = await anna.dial("1002")
    ring = await cleo.rings()
    await call.hang_up()
    await ring.ended()
    await bakery.patch(f"temporal_rules/{schedule['id']}", {"enabled": False})
    await anna.dial("1002")
    await ben.rings()


async def test_a_forwarded_call_is_forwarded_again(bakery: Customer) -> None:
    anna, ben, cleo = await people(bakery, **TO_CLEO)
    dora = await bakery.phone("dora", extension="1004")
    await bakery.patch(f"devices/{cleo.device_id}", {"call_forward": {**TO_CLEO, "number": "1004"}})
    call = await anna.dial("1002")
    ring = await dora.rings()
    await ring.answer()
    await talk(call, ring)
    await ben.stays_silent(0.3)


async def test_a_circle_of_forwards_ends(bakery: Customer) -> None:
    """Ben forwards to Cleo and Cleo to Ben: nobody rings, and the caller is told at once."""
    anna, ben, cleo = await people(bakery, **TO_CLEO)
    await bakery.patch(f"devices/{cleo.device_id}", {"call_forward": {**TO_CLEO, "number": "1002"}})
    call = await anna.dial("1002")
    assert await call.ended() == 483
    await ben.stays_silent(0.3)
    await cleo.stays_silent(0.3)
    await bakery.cast.idle()


async def test_it_can_be_switched_by_dialling(bakery: Customer) -> None:
    """make-busy CallForward/Enable and Disable, for a phone that is nobody's"""
    _anna, ben, _cleo = await people(bakery)
    await bakery.flow([], "call_forward", {"action": "activate"}, patterns=[r"^\*72([0-9]*)$"])
    await bakery.flow(["*73"], "call_forward", {"action": "deactivate"})
    call = await ben.dial("*72")
    await call.answered()
    await call.hears_sound()
    await call.press("1003#")
    await until(lambda: forward_is(bakery, ben, True, "1003"), "the phone is forwarded", 15)
    await call.ended()
    call = await ben.dial("*73")
    await call.ended()
    await until(lambda: forward_is(bakery, ben, False, "1003"), "the phone is no longer forwarded", 10)
    call = await ben.dial("*721004")
    await call.ended()
    await until(lambda: forward_is(bakery, ben, True, "1004"), "the number behind the code is taken", 10)


async def forward_is(bakery: Customer, phone: Phone, enabled: bool, number: str) -> bool:
    found = (await bakery.get(f"devices/{phone.device_id}")).get("call_forward") or {}
    return (found.get("enabled"), found.get("number")) == (enabled, number)


async def test_a_users_forwarding_is_the_users(bakery: Customer) -> None:
    """make-busy User CallForward/Enable: the user's document changes, the device's does not."""
    person = await bakery.user("ben")
    await bakery.flow([], "call_forward", {"action": "activate"}, patterns=[r"^\*72([0-9]*)$"])
    await (await person.phones[0].dial("*722002")).ended()

    async def forwarded() -> bool:
        found = (await bakery.get(f"users/{person.id}")).get("call_forward") or {}
        return bool(found.get("enabled")) and found.get("number") == "2002"

    await until(forwarded, "the user is forwarded", 10)
    assert not (await bakery.get(f"devices/{person.phones[0].device_id}")).get("call_forward")


async def test_a_second_call_finds_a_phone_without_call_waiting_busy(bakery: Customer) -> None:
    anna, ben, cleo = await people(bakery)
    await bakery.patch(f"devices/{ben.device_id}", {"call_waiting": {"enabled": False}})
    call = await anna.dial("1002")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    second = await cleo.dial("1002")
    assert await second.ended() == 486


async def test_a_restricted_number_is_refused_and_emergency_calls_are_not(cast: Cast, bakery: Customer) -> None:
    """make-busy RestrictedCall"""
    await bakery.dial_out()
    deny = {"action": "deny"}
    restricted = {"caribbean": deny, "emergency": deny}
    anna = await bakery.phone("anna", call_restriction=restricted)
    call = await anna.dial("6845551234")
    assert await call.ended() == 403
    await cast.carrier.stays_silent(0.5)
    await anna.dial("3125550199")
    assert (await cast.carrier.rings()).number == "+13125550199"


async def test_a_phone_is_another_persons_for_a_while(bakery: Customer) -> None:
    """Hotdesking: who is logged in to a phone is rung there, and calls from it as himself."""
    owner = await bakery.user("ben", extension="2001")
    guest = await bakery.user(
        "dora",
        phones=0,
        extension="2002",
        hotdesk={"enabled": True, "id": "77", "pin": "4711", "require_pin": True},
        caller_id={"internal": {"name": "Dora", "number": "2002"}},
    )
    anna = await bakery.phone("anna", extension="1001")
    phone = owner.phones[0]
    await bakery.flow(["*11"], "hotdesk", {"action": "login"})
    await bakery.flow(["*12"], "hotdesk", {"action": "logout"})
    call = await phone.dial("*11")
    await call.answered()
    await call.hears_sound()
    await call.press("77#")
    await call.hears_sound()
    await call.press("4711#")
    await until(lambda: logged_in(bakery, guest.id, 1), "the guest is logged in", 15)
    await call.ended()

    call = await anna.dial("2002")
    ring = await phone.rings()
    await call.hang_up()
    await ring.ended()
    back = await phone.dial("1001")
    assert (await anna.rings()).caller_number == "2002"
    await back.hang_up()

    await (await phone.dial("*12")).ended()
    await until(lambda: logged_in(bakery, guest.id, 0), "the guest is logged out", 10)


async def logged_in(bakery: Customer, user_id: str, count: int) -> bool:
    return len(await bakery.get(f"users/{user_id}/hotdesks")) == count
