"""Attended transfer and conferences that begin in a conversation, by keys and over the API."""

from __future__ import annotations

import json

import pytest

from tests.telephony.cast import Cast, Line, talk
from tests.telephony.mixes import hears_in_mix
from tests.telephony.scenarios.test_metaflows import Office
from tests.telephony.sip_call import KeyWay
from tests.telephony.stack import until

KEYS = {
    "digit_timeout": 2500,
    "numbers": {"1": {"module": "hangup"}},
    "patterns": {
        "^8([0-9]{4})$": {"module": "transfer", "data": {"transfer_type": "attended", "timeout": 6}},
        "^7([0-9]{4})$": {"module": "conference"},
    },
}


@pytest.fixture
async def office(cast: Cast) -> Office:
    customer = await cast.customer()
    phones = [await customer.phone(name, extension=f"100{n}") for n, name in enumerate(("anna", "ben", "cleo"), 1)]
    await customer.post("metaflows", KEYS)
    return Office(customer, *phones)


async def together(cast: Cast, *lines: Line) -> None:
    """All of them are in one conference, and hear each other."""
    for one in lines:
        await one.answered()

    async def everybody() -> bool:
        rooms = json.loads(await cast.fs("conference", "json_list") or "[]")
        return any(room["member_count"] == len(lines) for room in rooms)

    await until(everybody, f"{len(lines)} are in the conference", 10)
    if cast.is_real:
        for one in lines:
            for other in lines:
                if one is not other:
                    await hears_in_mix(one, other.tone)


async def asked(office: Office, line: Line, keys: str = "*81003", way: KeyWay = "rfc2833") -> Line:
    """The third's phone rings, after keys of one of the two."""
    await office.known(office.anna, office.ben)
    await line.press(keys, way)
    return await office.cleo.rings()


@pytest.mark.parametrize("way", ["rfc2833", "info"])
async def test_the_called_party_asks_and_hangs_up(office: Office, way: KeyWay) -> None:
    call, ring = await office.talking()
    third = await asked(office, ring, way=way)
    assert third.caller_number == "ben"
    await call.hears_sound()
    await third.answer()
    await talk(ring, third)
    await ring.hang_up()
    await talk(call, third)
    await office.known(office.anna, office.cleo)
    # Keys mean something in the new conversation as well.
    await third.press("*1")
    await call.ended()
    await third.ended()


async def test_the_caller_asks_and_hangs_up(office: Office) -> None:
    call, ring = await office.talking()
    third = await asked(office, call)
    assert third.caller_number == "anna"
    await third.answer()
    await talk(call, third)
    await call.hang_up()
    await talk(ring, third)
    await third.hang_up()
    await ring.ended()


async def test_whoever_asks_takes_the_call_back_and_asks_again(office: Office) -> None:
    call, ring = await office.talking()
    third = await asked(office, ring)
    await third.answer()
    await talk(ring, third)
    await office.known(office.ben, office.cleo)
    await ring.press("*1")
    await third.ended()
    await talk(call, ring)
    again = await asked(office, ring)
    # Also while it rings.
    await ring.press("*1")
    await again.ended()
    await talk(call, ring)
    await office.known(office.anna, office.ben)
    await ring.press("*1")
    await call.ended()


async def test_the_third_refuses_or_hangs_up(office: Office) -> None:
    call, ring = await office.talking()
    third = await asked(office, ring)
    await third.reject(486)
    await talk(call, ring)
    again = await asked(office, ring)
    await again.answer()
    await talk(ring, again)
    await again.hang_up()
    await talk(call, ring)


async def test_the_third_does_not_answer(office: Office) -> None:
    call, ring = await office.talking()
    third = await asked(office, ring)
    await third.ended()
    await talk(call, ring)


async def test_nobody_has_the_number(office: Office) -> None:
    call, ring = await office.talking()
    await ring.press("*89999")
    await talk(call, ring)


async def test_hanging_up_while_it_rings_sends_the_other_there(office: Office) -> None:
    call, ring = await office.talking()
    third = await asked(office, ring)
    await ring.hang_up()
    await third.ended()
    again = await office.cleo.rings()
    assert again.caller_number == "anna"
    await again.answer()
    await talk(call, again)


async def test_the_one_who_waits_hangs_up(office: Office) -> None:
    call, ring = await office.talking()
    third = await asked(office, ring)
    await third.answer()
    await talk(ring, third)
    await call.hang_up()
    await talk(ring, third)
    await ring.hang_up()
    await third.ended()


async def test_a_caller_from_outside_is_passed_on(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    await bakery.post(f"devices/{anna.device_id}/metaflows", KEYS)
    number = await bakery.number("", "device", {"id": anna.device_id})
    call = await cast.carrier.dial(number)
    ring = await anna.rings()
    await ring.answer()
    await talk(call, ring)
    await ring.press("*81002")
    third = await ben.rings()
    assert third.caller_number == "anna"
    await third.answer()
    await talk(ring, third)
    await ring.hang_up()
    await talk(call, third)
    await call.hang_up()
    await third.ended()


async def test_through_the_api(office: Office) -> None:
    call, ring = await office.talking()
    await office.ask(office.ben, {"action": "transfer", "target": "1003", "transfer_type": "attended"})
    third = await office.cleo.rings()
    await third.answer()
    await talk(ring, third)
    await ring.hang_up()
    await talk(call, third)


async def test_all_three_come_together(cast: Cast, office: Office) -> None:
    call, ring = await office.talking()
    third = await asked(office, ring)
    await third.answer()
    await talk(ring, third)
    await office.known(office.ben, office.cleo)
    await ring.press("*3")
    await together(cast, call, ring, third)
    await ring.hang_up()
    await together(cast, call, third)


@pytest.mark.parametrize("by", ["keys", "api"])
async def test_a_further_person_is_called_into_a_conference(cast: Cast, office: Office, by: str) -> None:
    call, ring = await office.talking()
    if by == "keys":
        await call.press("*71003")
    else:
        await office.ask(office.anna, {"action": "conference", "target": "1003"})
    third = await office.cleo.rings()
    assert third.caller_number == "anna"
    await together(cast, call, ring)
    await third.answer()
    await together(cast, call, ring, third)
    await call.hang_up()
    await together(cast, ring, third)
    await ring.hang_up()
    await third.hang_up()
