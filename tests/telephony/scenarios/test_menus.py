"""Choices: by key, by name, by the time, by who calls; heard and pressed on a real line."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.telephony.cast import Cast


def device(phone: Any) -> dict[str, Any]:
    return {"module": "device", "data": {"id": phone.device_id}, "children": {}}


def refusal(code: int) -> dict[str, Any]:
    return {"module": "response", "data": {"code": code}, "children": {}}


async def test_a_caller_chooses_by_key(cast: Cast) -> None:
    bakery = await cast.customer()
    sales = await bakery.phone("sales")
    menu = await bakery.put("menus", {"name": "Door", "timeout": 8000, "interdigit_timeout": 600})
    number = await bakery.number("", "menu", {"id": menu["id"]}, children={"2": device(sales), "_": refusal(480)})
    call = await cast.carrier.dial(number, "+12125550199")
    await call.answered()
    await call.hears_sound()
    await call.press("2")
    ring = await sales.rings()
    await ring.answer()
    await call.hears(ring)
    await call.hang_up()
    assert await ring.ended() == 200


async def test_a_caller_dials_an_extension_in_a_menu(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna", extension="1001")
    menu = await bakery.put("menus", {"name": "Door", "timeout": 8000, "interdigit_timeout": 1500})
    number = await bakery.number("", "menu", {"id": menu["id"]})
    call = await cast.carrier.dial(number, "+12125550199")
    await call.answered()
    await call.press("1001")
    ring = await anna.rings()
    await ring.answer()
    await call.hears(ring)


async def test_a_greeting_is_recorded_by_phone(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    settings = {"name": "Door", "record_pin": "987", "hunt": False, "interdigit_timeout": 600, "timeout": 8000}
    menu = await bakery.put("menus", settings)
    await bakery.flow(["8000"], "menu", {"id": menu["id"]})
    call = await anna.dial("8000")
    await call.answered()
    await call.press("987")
    await call.hears_sound()

    async def is_recorded() -> bool:
        return bool((await bakery.get(f"menus/{menu['id']}"))["media"].get("greeting"))

    # A key ends the words, another the recording, and 1 keeps it. Nobody presses faster than he hears.
    for _ in range(12):
        if await is_recorded():
            break
        await asyncio.sleep(2.5)
        await call.press("1")
    assert await is_recorded()
    greeting = (await bakery.get(f"menus/{menu['id']}"))["media"]["greeting"]
    assert (await bakery.get(f"media/{greeting}"))["media_source"] == "recording"


async def test_the_time_decides(cast: Cast) -> None:
    bakery = await cast.customer()
    day, night = await bakery.phone("day"), await bakery.phone("night")
    rule = await bakery.put("temporal_rules", {"name": "Always", "cycle": "daily"})
    children = {rule["id"]: device(day), "_": device(night)}
    await bakery.flow(["8000"], "temporal_route", {"rules": [rule["id"]]}, children=children)
    anna = await bakery.phone("anna")
    call = await anna.dial("8000")
    await day.rings()
    await call.hang_up()
    await bakery.patch(f"temporal_rules/{rule['id']}", {"enabled": False})
    await anna.dial("8000")
    await night.rings()


async def test_who_calls_decides(cast: Cast) -> None:
    bakery = await cast.customer()
    friends, others = await bakery.phone("friends"), await bakery.phone("others")
    listed = await bakery.put("lists", {"name": "Friends"})
    await bakery.put(f"lists/{listed['id']}/entries", {"number": "+12125550199", "displayname": "Pat"})
    children = {"match": device(friends), "nomatch": device(others)}
    number = await bakery.number("", "cidlistmatch", {"id": listed["id"]}, children=children)
    call = await cast.carrier.dial(number, "+12125550199")
    await friends.rings()
    await call.hang_up()
    await cast.carrier.dial(number, "+12125550198")
    await others.rings()


async def test_a_blacklist_turns_a_caller_away(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    number = await bakery.number("", "device", {"id": anna.device_id})
    listed = await bakery.put("blacklists", {"name": "No", "numbers": {"+12125550199": {}}})
    account = await bakery.get("")
    await bakery.post("", {**account, "blacklists": [listed["id"]]})
    assert await (await cast.carrier.dial(number, "+12125550199")).ended() == 603
    await cast.carrier.dial(number, "+12125550198")
    await anna.rings()


async def test_dialling_by_name(cast: Cast) -> None:
    bakery = await cast.customer()
    ada = await bakery.user("ada", phones=1)
    directory = await bakery.put("directories", {"name": "Company", "users": [ada.id], "search_fields": "first_name"})
    await bakery.flow(["8000"], "directory", {"id": directory["id"]})
    caller = await bakery.phone("caller")
    call = await caller.dial("8000")
    await call.answered()
    await call.press("232#")
    await call.hears_sound()
    await call.press("1")
    ring = await ada.phones[0].rings()
    await ring.answer()
    await call.hears(ring)
