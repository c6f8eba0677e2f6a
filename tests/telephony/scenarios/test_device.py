"""Devices calling and called (make-busy's Device cases)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.telephony.cast import SIP_PASSWORD, Cast, Customer, Line, Phone, carrier_at, talk
from tests.telephony.stack import until

TEL = "+15552221002"
NAME = "101 - Bör 去 Škofja Loka"


@pytest.fixture
async def bakery(cast: Cast) -> Customer:
    return await cast.customer()


def caller_id(kind: str, number: str, name: str = "") -> dict[str, Any]:
    return {"caller_id": {kind: {"number": number, **({"name": name} if name else {})}}}


async def test_call(bakery: Customer) -> None:
    """Call; CallerIdOnnet"""
    anna = await bakery.phone("anna", **caller_id("internal", "1001", NAME))
    ben = await bakery.phone("ben", extension="1002")
    call = await anna.dial("1002")
    ring = await ben.rings()
    assert (ring.caller_number, ring.caller_name) == ("1001", NAME)
    await ring.answer()
    await talk(call, ring)
    await ring.hang_up()
    assert await call.ended() == 200


@pytest.mark.parametrize(
    ("form", "invited"), [("username", "ben"), ("npan", "5552221002"), ("1npan", "15552221002"), ("e164", TEL)]
)
async def test_invited_as(bakery: Customer, form: str, invited: str) -> None:
    """CallBy/Username, NPAN, 1NPAN, E164. The lab's phones see their own name."""
    bakery.cast.sip_only("request URI of its own")
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", sip={"invite_format": form})
    await bakery.flow([TEL, "5552221002"], "device", {"id": ben.device_id})
    await anna.dial("5552221002")
    assert (await ben.rings()).number == invited


async def test_invited_at_a_route(bakery: Customer) -> None:
    """CallBy/Route: the INVITE goes there, registered or not."""
    bakery.cast.sip_only("SIP URI that is dialled")
    anna = await bakery.phone("anna")
    carrier = bakery.cast.carrier
    route = f"sip:b-device@{carrier.host}:{carrier.port}"
    sip = {"invite_format": "route", "route": route}
    await bakery.phone("ben", register=False, extension="1002", sip=sip)
    await anna.dial("1002")
    assert (await carrier.rings()).number == "b-device"


async def test_the_number_shown_outside(cast: Cast, bakery: Customer) -> None:
    """CallerIdOffnet"""
    anna = await bakery.phone("anna", **caller_id("external", "+13125550142"))
    await bakery.dial_out()
    call = await anna.dial("15552345678")
    out = await cast.carrier.rings()
    assert (out.number, out.caller_number) == ("+15552345678", "+13125550142")
    await out.answer()
    await talk(call, out)


async def emergency(cast: Cast, customer: Customer, phone: Phone) -> Line:
    wanted = carrier_at(cast.carrier.port, emergency=True, rules=["^(911)$"])
    wanted["gateways"][0]["invite_format"] = "route"
    await customer.put("resources", wanted)
    await customer.dial_out()
    call = await phone.dial("911")
    out = await cast.carrier.rings()
    assert out.number == "911"
    await out.answer()
    await talk(call, out)
    return out


async def test_an_emergency_call(cast: Cast, bakery: Customer) -> None:
    """CallerIdEmergency"""
    anna = await bakery.phone("anna", **caller_id("emergency", "+13125550188", "Bakery Oak St"))
    out = await emergency(cast, bakery, anna)
    assert (out.caller_number, out.caller_name) == ("+13125550188", "Bakery Oak St")


async def test_disabled(bakery: Customer) -> None:
    """Disable"""
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    await ben.unregister()
    await bakery.cast.forgotten(ben)
    await bakery.patch(f"devices/{ben.device_id}", {"enabled": False})
    await until(lambda: refuses(ben), "its registration is refused", 5)
    call = await anna.dial("1002")
    assert await call.ended() == 480
    await ben.stays_silent(0.3)


async def refuses(phone: Phone) -> bool:
    return await phone.register() == 403


async def test_a_test_tone(bakery: Customer) -> None:
    """Milliwatt: 1004 Hz"""
    anna = await bakery.phone("anna")
    tone = "tone_stream://%(30000,0,1004)"
    answered = {"module": "play", "data": {"id": tone}, "children": {}}
    await bakery.flow(["5555555551"], "answer", {}, children={"_": answered})
    call = await anna.dial("5555555551")
    await call.answered()
    await call.hears_tone(1004)


async def test_a_changed_password(bakery: Customer) -> None:
    """PasswordChange: the old one is worth nothing at once, for registering and for calling."""
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    await bakery.patch(f"devices/{anna.device_id}", {"sip": {"password": "another-horse-8"}})
    await until(lambda: refuses(anna), "the old password is refused", 5)
    call = await anna.dial("1002")
    assert await call.ended() in (401, 403, 407)
    await ben.stays_silent(0.3)
    again = await bakery.cast.phone_of("anna", anna.realm, "another-horse-8")
    again.device_id = anna.device_id
    await bakery.registered(again)
    await again.dial("1002")
    await ben.rings()


async def test_a_changed_username(bakery: Customer) -> None:
    """UsernameChange"""
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    await bakery.patch(f"devices/{anna.device_id}", {"sip": {"username": "anna-new"}})
    await until(lambda: refuses(anna), "the old name is refused", 5)
    again = await bakery.cast.phone_of("anna-new", anna.realm, SIP_PASSWORD)
    again.device_id = anna.device_id
    await bakery.registered(again)
    await again.dial("1002")
    await ben.rings()


async def test_a_changed_realm(bakery: Customer) -> None:
    """RealmChangeRegistration: what was registered is forgotten, and registers again in the new realm."""
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    realm = f"new-{bakery.realm}"
    await bakery.patch("", {"realm": realm})
    await bakery.cast.forgotten(ben)
    await until(lambda: refuses(anna), "the old realm is refused", 5)
    phones = []
    for old in (anna, ben):
        phone = await bakery.cast.phone_of(old.username, realm, SIP_PASSWORD)
        phone.device_id = old.device_id
        await bakery.registered(phone)
        phones.append(phone)
    await phones[0].dial("1002")
    await phones[1].rings()


async def test_a_restricted_number(cast: Cast, bakery: Customer) -> None:
    """RestrictedCall"""
    anna = await bakery.phone("anna", call_restriction={"caribbean": {"action": "deny"}})
    await bakery.dial_out()
    call = await anna.dial("6845551234")
    assert await call.ended() in (403, 603)
    await cast.carrier.stays_silent(0.5)


async def test_a_wrong_password_and_a_stranger(bakery: Customer) -> None:
    await bakery.phone("anna")
    await bakery.phone("ben", extension="1002")
    for name, password in (("anna", "wrong-horse-1"), ("nobody", SIP_PASSWORD)):
        stranger = await bakery.cast.phone_of(name, bakery.realm, password)
        assert await stranger.register() == 403
    await asyncio.sleep(0)
