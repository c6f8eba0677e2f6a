"""What small verbs do to a call, as those see it who are rung: who calls, how it rings, and which way the call took."""

from __future__ import annotations

from typing import Any

import pytest

from tests.telephony.cast import Cast, Customer, Phone, talk
from tests.telephony.stack import until
from tests.web_server import Answer, customer_server

PAT = "+12125550199"
OFFICE = "+13125550100"


def node(module: str, data: dict[str, Any] | None = None, **children: Any) -> dict[str, Any]:
    """A node of a flow; `then` is its default child, `key_…` one of another name."""
    named = {"_" if key == "then" else key.removeprefix("key_"): child for key, child in children.items()}
    return {"module": module, "data": data or {}, "children": named}


def rings(phone: Phone) -> dict[str, Any]:
    return node("device", {"id": phone.device_id, "timeout": 15})


def refuses(code: int) -> dict[str, Any]:
    return node("response", {"code": code})


@pytest.fixture
async def bakery(cast: Cast) -> Customer:
    return await cast.customer()


async def answers(bakery: Customer, number: str, flow: dict[str, Any], *patterns: str) -> None:
    """A callflow for a number (none: only for the patterns)."""
    numbers = [number] if number else []
    await bakery.put("callflows", {"name": "Small", "numbers": numbers, "patterns": list(patterns), "flow": flow})


# Who calls


async def test_a_phone_book_names_the_caller_and_his_number_decides(cast: Cast, bakery: Customer) -> None:
    anna = await bakery.phone("anna")
    book = await bakery.put("lists", {"name": "Phone book"})
    await bakery.put(f"lists/{book['id']}/entries", {"number": PAT, "displayname": "Uncle Pat"})
    named = node("prepend_cid", {"caller_id_name_prefix": "Sales: "}, then=rings(anna))
    checked = node("check_cid", {"regex": r"^\+1212"}, match=named, nomatch=refuses(486), then=refuses(480))
    number = await bakery.number("")
    await answers(bakery, number, node("noop", then=node("lookupcidname", {"lists": [book["id"]]}, then=checked)))
    call = await cast.carrier.dial(number, PAT, "somebody")
    ring = await anna.rings()
    # A colon would cut off what stands before it: see `shown_name`.
    assert (ring.caller_name, ring.caller_number) == ("Sales - Uncle Pat", PAT)
    await call.hang_up()
    await ring.ended()
    assert await (await cast.carrier.dial(number, "+13125550198")).ended() == 486


async def test_a_name_from_outside_is_shown_whole(cast: Cast, bakery: Customer) -> None:
    anna = await bakery.phone("anna")
    number = await bakery.number("", "device", {"id": anna.device_id})
    await cast.carrier.dial(number, PAT, "Baker: 24/7")
    ring = await anna.rings()
    assert (ring.caller_name, ring.caller_number) == ("Baker - 24-7", PAT)


async def test_a_caller_who_matches_shows_the_office(cast: Cast, bakery: Customer) -> None:
    """And in absolute mode his very number is the child."""
    own: dict[str, Any] = {"caller_id": {"internal": {"name": "Anna", "number": "1001"}}}
    anna, ben = await bakery.phone("anna", **own), await bakery.phone("ben")
    shown = {"regex": "^1001$", "caller_id": {"external": {"name": "Office", "number": OFFICE}}}
    await answers(bakery, "8000", node("check_cid", shown, match=rings(ben), then=refuses(480)))
    await answers(
        bakery, "8001", node("check_cid", {"use_absolute_mode": True}, key_1001=rings(ben), then=refuses(480))
    )
    call = await anna.dial("8000")
    ring = await ben.rings()
    assert (ring.caller_name, ring.caller_number) == ("Office", OFFICE)
    await call.hang_up()
    await ring.ended()
    call = await anna.dial("8001")
    assert (await ben.rings()).caller_number == "1001"
    await call.hang_up()
    assert await (await ben.dial("8001")).ended() == 480


async def test_the_caller_id_and_the_ring_that_a_flow_sets(bakery: Customer) -> None:
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    ringing = node("set_alert_info", {"alert_info": "<info=Bellcore-dr3>"}, then=rings(ben))
    await answers(
        bakery, "8000", node("set_cid", {"caller_id_name": "Sales", "caller_id_number": OFFICE}, then=ringing)
    )
    call = await anna.dial("8000")
    ring = await ben.rings()
    assert (ring.caller_name, ring.caller_number) == ("Sales", OFFICE)
    assert "info=Bellcore-dr3" in ring.headers["alert-info"]
    await ring.answer()
    await talk(call, ring)


async def test_who_hides(cast: Cast, bakery: Customer) -> None:
    """Within the flow, and behind the star code for a number outside."""
    await bakery.put("feature_codes")
    await bakery.dial_out()
    own: dict[str, Any] = {"caller_id": {"external": {"name": "Anna", "number": OFFICE}}}
    anna, ben = await bakery.phone("anna", **own), await bakery.phone("ben")
    await answers(bakery, "8000", node("privacy", {"mode": "full"}, then=rings(ben)))
    call = await anna.dial("8000")
    ring = await ben.rings()
    assert (ring.caller_name, ring.caller_number) == ("Anonymous", "anonymous")
    await call.hang_up()
    await anna.dial("*673125550177")
    out = await cast.carrier.rings()
    assert out.number == "+13125550177"
    assert out.caller_number != OFFICE


async def test_a_caller_id_for_this_call(cast: Cast, bakery: Customer) -> None:
    """Behind a code: a fixed one, and that of a list's entry the digits begin with. The rest goes outside."""
    await bakery.dial_out()
    anna = await bakery.phone("anna")
    listed = await bakery.put("lists", {"name": "Shown"})
    await bakery.put(
        f"lists/{listed['id']}/entries", {"number": "+13125550144", "displayname": "Shop", "capture_group_key": "7"}
    )
    fixed = {"action": "static", "caller_id": {"name": "Office", "number": OFFICE}}
    await answers(bakery, "", node("dynamic_cid", fixed), r"^\*21([0-9]+)$")
    await answers(bakery, "", node("dynamic_cid", {"action": "list", "id": listed["id"]}), r"^\*22([0-9]+)$")
    for code, number in (("*21", OFFICE), ("*227", "+13125550144")):
        call = await anna.dial(f"{code}3125550177")
        out = await cast.carrier.rings()
        assert (out.number, out.caller_number) == ("+13125550177", number)
        await call.hang_up()
        await out.ended()
    unknown = await anna.dial("*2283125550177")
    await unknown.ended()
    await cast.carrier.stays_silent(0.5)


async def test_a_caller_keys_in_whom_he_calls_for(cast: Cast, bakery: Customer) -> None:
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    asked = {"action": "manual", "min_digits": 3, "max_digits": 4, "whitelist_regex": "^55"}
    await answers(bakery, "8000", node("dynamic_cid", asked, then=rings(ben)))
    call = await anna.dial("8000")
    await call.answered()
    await call.hears_sound()
    await call.press("5512")
    assert (await ben.rings()).caller_number == "5512"


# Which way


async def test_what_is_remembered_of_a_call_decides(bakery: Customer) -> None:
    own: dict[str, Any] = {"caller_id": {"internal": {"name": "Anna", "number": "1001"}}}
    anna, ben = await bakery.phone("anna", **own), await bakery.phone("ben")
    by_device = {"variable": "caller_id.internal.number", "scope": "device"}
    last = node("branch_variable", by_device, key_1001=rings(ben), then=refuses(480))
    second = node("branch_variable", {"variable": "step"}, key_2=last, then=refuses(486))
    several = node("set_variables", {"custom_application_vars": {"step": 2}, "export": True}, then=second)
    first = node("branch_variable", {"variable": "campaign"}, spring=several, then=refuses(404))
    await answers(bakery, "8000", node("set_variable", {"variable": "campaign", "value": "spring"}, then=first))
    await answers(bakery, "8001", first)
    await anna.dial("8000")
    await ben.rings()
    assert await (await anna.dial("8001")).ended() == 404
    assert await (await ben.dial("8000")).ended() == 480


async def test_what_was_dialled_decides(bakery: Customer) -> None:
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    cleo = await bakery.phone("cleo", extension="1003")
    hunting = {"hunt": True, "hunt_deny": "^1004$"}
    await answers(bakery, "", node("branch_bnumber", hunting, key_5=rings(ben), then=refuses(480)), r"^\*77([0-9]+)$")
    await bakery.phone("dora", extension="1004")
    call = await anna.dial("*775")
    await ben.rings()
    await call.hang_up()
    call = await anna.dial("*771003")
    await cleo.rings()
    await call.hang_up()
    for number in ("*779", "*771004"):
        assert await (await anna.dial(number)).ended() == 480


async def test_whoever_shows_the_number_is_rung(bakery: Customer) -> None:
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", caller_id={"internal": {"name": "Ben", "number": "4711"}})
    cleo = await bakery.user("cleo", caller_id={"external": {"name": "Cleo", "number": OFFICE}})
    inside = node("route_to_cid", {"timeout": 10}, then=refuses(480))
    outside = {"cid_types": ["external"], "endpoint_types": ["user"], "timeout": 10}
    await answers(bakery, "", inside, r"^47[0-9]{2}$")
    await answers(bakery, "", node("route_to_cid", outside, then=refuses(480)), r"^\*88([+0-9]+)$")
    call = await anna.dial("4711")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    await call.hang_up()
    await anna.dial(f"*88{OFFICE}")
    await cleo.phones[0].rings()
    assert await (await anna.dial("4712")).ended() == 480


async def test_a_group_is_rung(bakery: Customer) -> None:
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    cleo = await bakery.user("cleo")
    endpoints = {ben.device_id: {"type": "device"}, cleo.id: {"type": "user"}}
    group = await bakery.put("groups", {"name": "Team", "endpoints": endpoints})
    await answers(bakery, "8000", node("group", {"id": group["id"]}))
    call = await anna.dial("8000")
    ring = await ben.rings()
    other = await cleo.phones[0].rings()
    await other.answer()
    await talk(call, other)
    await ring.ended()


# What is told outside


async def test_whoever_listens_is_told(bakery: Customer) -> None:
    anna = await bakery.phone("anna")
    ear = await bakery.listen("call.EDR.*")
    await answers(bakery, "8000", node("edr", {"stage": "reached the warehouse"}, then=refuses(486)))
    call = await anna.dial("8000")
    ((_moment, told),) = await ear.hears("EDR")
    assert (told["to"], told["caller_id_number"]) == ("8000", "anna")
    assert told["metadata"] == {"stage": "reached the warehouse"}
    assert await call.ended() == 486


async def test_a_server_is_told_of_the_call(bakery: Customer) -> None:
    """By the verb, and by a webhook of the account for what `edr` notes."""
    anna = await bakery.phone("anna")
    with customer_server() as server:
        server.pages |= {"/call": Answer(), "/noted": Answer()}
        noted = {"name": "Notes", "uri": f"{server.url}/noted", "hook": "callflow", "http_verb": "post"}
        await bakery.put("webhooks", noted)
        telling = {"uri": f"{server.url}/call", "custom_data": {"queue": "sales"}}
        noting = node("edr", {"stage": "reached the warehouse"}, then=refuses(486))
        await answers(bakery, "8000", node("webhook", telling, then=noting))
        assert await (await anna.dial("8000")).ended() == 486
        await until(lambda: server.requests("/call") and server.requests("/noted"), "the server is told", 20)
        told = server.requests("/call")[0].form
        assert (told["queue"], told["caller_id_number"], told["to_user"]) == ("sales", "anna", "8000")
        assert b"warehouse" in server.requests("/noted")[0].body


async def test_digits_are_collected_and_forgotten(cast: Cast, bakery: Customer) -> None:
    """A server that is asked later is told them, while the flow keeps them."""
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    collected = {"collection_name": "customer", "max_digits": 4, "timeout": 8000, "interdigit_timeout": 800}
    with customer_server() as server:
        server.pages["/flow"] = Answer('{"module": "noop", "data": {}}', "application/json")
        ring = node("pivot", {"voice_url": f"{server.url}/flow"})
        forget = node("flush_dtmf", {"collection_name": "customer"}, then=ring)
        await answers(bakery, "8000", node("collect_dtmf", collected, then=ring))
        await answers(bakery, "8001", node("collect_dtmf", collected, then=forget))
        for number in ("8000", "8001"):
            call = await anna.dial(number)
            await call.answered()
            await call.press("47#")
            await call.ended()
        kept, forgotten = server.requests("/flow")
        assert kept.query["Digits[customer]"] == "47"
        assert not [name for name in forgotten.query if name.startswith("Digits")]
    await ben.stays_silent(0.1)
