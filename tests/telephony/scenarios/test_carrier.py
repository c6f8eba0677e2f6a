"""Carriers the switches register with: calls in and out through them."""

from __future__ import annotations

from typing import Any

from tests.telephony.cast import Cast, Customer, carrier_at, talk
from tests.telephony.sip_carrier import REALM, SipCarrier
from tests.telephony.stack import until

PASSWORD = "carrier-secret-1"


async def registered_customer(cast: Cast) -> tuple[Customer, SipCarrier, dict[str, Any]]:
    cast.sip_only("registration at a carrier")
    agent = cast.carrier.agent  # type: ignore[attr-defined]
    assert isinstance(agent, SipCarrier)
    agent.accounts["bakery"] = PASSWORD
    customer = await cast.customer()
    wanted = carrier_at(agent.port)
    wanted["gateways"][0] |= {"username": "bakery", "password": PASSWORD, "realm": REALM, "register": True}
    made = await customer.put("resources", wanted)
    await until(lambda: agent.registered.get("bakery"), "the switch registers with the carrier", 20)
    return customer, agent, made


async def test_a_carrier_that_wants_registration(cast: Cast) -> None:
    bakery, agent, made = await registered_customer(cast)
    anna = await bakery.phone("anna")
    await bakery.dial_out()
    number = await bakery.number("", "device", {"id": anna.device_id})

    # In, to the contact that was registered; which number was dialled is in To.
    call = await cast.carrier.dial(number, "+12125550177", target=agent.registered["bakery"])
    ring = await anna.rings()
    assert ring.caller_number == "+12125550177"
    await ring.answer()
    await talk(call, ring)
    await call.hang_up()
    await ring.ended()

    # Out, with the same credentials where the carrier asks for them.
    agent.challenges = True
    call = await anna.dial("+442079460000")
    out = await cast.carrier.rings()
    assert out.number == "+442079460000"
    await out.answer()
    await talk(call, out)
    await call.hang_up()
    await out.ended()

    # Without the resource the registration ends.
    await bakery.delete(f"resources/{made['id']}")
    await until(lambda: "bakery" not in agent.registered, "the registration is taken back", 20)


async def test_a_carrier_that_speaks_before_it_refuses(cast: Cast) -> None:
    """What is heard before the answer is no answer: the flow goes on at the child for the cause."""
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben")
    instead = {"module": "device", "data": {"id": ben.device_id}, "children": {}}
    await bakery.flow(["no_match"], "offnet", {}, children={"USER_BUSY": instead})
    call = await anna.dial("+442079460000")
    out = await cast.carrier.rings()
    await out.speak_early()
    if cast.is_real:
        await call.hears(out)
    await out.reject(486)
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)


async def test_a_changed_password_is_registered_with(cast: Cast) -> None:
    bakery, agent, made = await registered_customer(cast)
    agent.accounts["bakery"] = "carrier-secret-2"
    agent.registered.clear()
    gateways = [{**made["gateways"][0], "password": "carrier-secret-2"}]
    await bakery.patch(f"resources/{made['id']}", {"gateways": gateways})
    await until(lambda: agent.registered.get("bakery"), "the switch registers with the new password", 40)
