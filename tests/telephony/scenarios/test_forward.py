"""Call forwarding of devices and users: a call of its own to the forward number."""

from __future__ import annotations

from typing import Any

import pytest

from tests.telephony.cast import Cast, Customer, Line, Party, Phone, talk

FORWARD = {"enabled": True, "number": "1003", "require_keypress": False, "keep_caller_id": True, "substitute": True}
OUTSIDE = "+442079460000"


@pytest.fixture
async def bakery(cast: Cast) -> Customer:
    return await cast.customer()


async def people(bakery: Customer, kind: str, **forward: Any) -> tuple[Phone, Phone, Phone]:
    """Anna calls, Ben (1002) forwards to Cleo (1003); as devices of their own or as users."""
    document = {"call_forward": {**FORWARD, **forward}}
    shown = {"caller_id": {"internal": {"name": "Ben", "number": "1002"}}}
    callers = {"caller_id": {"internal": {"name": "Anna", "number": "1001"}}}
    if kind == "device":
        anna = await bakery.phone("anna", extension="1001", **callers)
        ben = await bakery.phone("ben", extension="1002", **document, **shown)
        return anna, ben, await bakery.phone("cleo", extension="1003")
    (anna,) = (await bakery.user("anna", extension="1001", **callers)).phones
    (ben,) = (await bakery.user("ben", extension="1002", **document, **shown)).phones
    (cleo,) = (await bakery.user("cleo", extension="1003")).phones
    return anna, ben, cleo


both_kinds = pytest.mark.parametrize("kind", ["device", "user"])


@both_kinds
async def test_in_place_of_the_own_phone(bakery: Customer, kind: str) -> None:
    """make-busy CallForward/Basic and Substitute"""
    anna, ben, cleo = await people(bakery, kind)
    call = await anna.dial("1002")
    ring = await cleo.rings()
    await ring.answer()
    await talk(call, ring)
    await ben.stays_silent(0.5)
    await ring.hang_up()
    assert await call.ended() == 200


@both_kinds
async def test_beside_the_own_phone(bakery: Customer, kind: str) -> None:
    """make-busy CallForward/NoSubstitute"""
    anna, ben, cleo = await people(bakery, kind, substitute=False)
    call = await anna.dial("1002")
    own, forwarded = await ben.rings(), await cleo.rings()
    await forwarded.answer()
    await talk(call, forwarded)
    await own.ended()


@both_kinds
async def test_who_presses_1_takes_the_call(bakery: Customer, kind: str) -> None:
    """make-busy CallForward/KeyPress"""
    anna, _ben, cleo = await people(bakery, kind, require_keypress=True)
    call = await anna.dial("1002")
    ring = await cleo.rings()
    await ring.answer()
    await ring.answered()
    await ring.hears_sound()
    assert not await call.is_answered()
    await ring.press("1")
    await talk(call, ring)


@both_kinds
@pytest.mark.parametrize(("keep", "shown"), [(True, "1001"), (False, "1002")])
async def test_whose_caller_id_is_shown(bakery: Customer, kind: str, keep: bool, shown: str) -> None:
    """make-busy CallForward/KeepCallerId and DontKeepCallerId"""
    anna, _ben, cleo = await people(bakery, kind, keep_caller_id=keep)
    await anna.dial("1002")
    assert (await cleo.rings()).caller_number == shown


@both_kinds
async def test_only_direct_calls(bakery: Customer, kind: str) -> None:
    """make-busy CallForward/DirectCallsOnly"""
    anna, ben, cleo = await people(bakery, kind, direct_calls_only=True, substitute=False)
    member = {"id": ben.device_id, "endpoint_type": "device"}
    if kind == "user":
        member = {"id": ben.owner_id, "endpoint_type": "user"}
    await bakery.flow(["1111"], "ring_group", {"endpoints": [member], "timeout": 10})
    call = await anna.dial("1002")
    await ben.rings()
    await cleo.rings()
    await call.hang_up()
    await call.ended()
    await anna.dial("1111")
    await ben.rings()
    await cleo.stays_silent()


@both_kinds
async def test_where_nobody_is_registered(bakery: Customer, kind: str) -> None:
    """make-busy CallForward/Failover"""
    anna, ben, cleo = await people(bakery, kind, enabled=False, failover=True)
    assert await ben.unregister() == 200
    await bakery.cast.forgotten(ben)
    call = await anna.dial("1002")
    ring = await cleo.rings()
    await ring.answer()
    await talk(call, ring)


async def test_to_a_number_outside(cast: Cast, bakery: Customer) -> None:
    """The forwarded call goes out as the account's own: its carriers, and the caller's number where it is kept."""
    await bakery.dial_out()
    anna, _ben, _cleo = await people(bakery, "device", number=OUTSIDE)
    call = await anna.dial("1002")
    out = await cast.carrier.rings()
    assert out.number == OUTSIDE
    assert out.caller_number == "1001"
    await out.answer()
    await talk(call, out)
    await call.hang_up()
    await out.ended()


async def test_a_call_from_outside_to_a_number_outside(cast: Cast, bakery: Customer) -> None:
    await bakery.dial_out()
    _anna, ben, _cleo = await people(bakery, "device", number=OUTSIDE, require_keypress=True)
    number = await bakery.number("", "device", {"id": ben.device_id, "timeout": 15})
    call = await cast.carrier.dial(number, "+12125550177")
    out: Line = await cast.carrier.rings()
    assert (out.number, out.caller_number) == (OUTSIDE, "+12125550177")
    await out.answer()
    await out.answered()
    await out.hears_sound()
    await out.press("1")
    await talk(call, out)


async def test_nobody_takes_it(bakery: Customer) -> None:
    """Who does not press 1 is left alone after the time to ring, and the caller goes on in the flow."""
    anna, _ben, cleo = await people(bakery, "device", require_keypress=True)
    dora: Party = await bakery.phone("dora")
    assert isinstance(dora, Phone)
    rest = {"_": {"module": "device", "data": {"id": dora.device_id}, "children": {}}}
    await bakery.flow(["1200"], "device", {"id": _ben.device_id, "timeout": 4}, children=rest)
    await anna.dial("1200")
    ring = await cleo.rings()
    await ring.answer()
    await dora.rings()
    await ring.ended()
