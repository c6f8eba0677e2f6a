"""Wake-up calls: set by phone, answered, put off, confirmed, and nobody there.

Nobody waits for the morning here: the row is told that its time has come.
"""

from __future__ import annotations

from typing import Any

import pytest

from apps.foundation.accounts.bridge import in_account, in_directory
from apps.foundation.kit.clock import now
from apps.pbx.wakeup_calls.models import WakeupCall
from apps.pbx.wakeup_calls.tasks import call_due
from tests.telephony.cast import Cast, Customer
from tests.telephony.parties import Line
from tests.telephony.scenarios.test_voicemail import keyed
from tests.telephony.stack import until


@pytest.fixture
async def hotel(cast: Cast) -> Customer:
    customer = await cast.customer(timezone="Europe/Berlin")
    await customer.put("feature_codes")
    return customer


async def the_time_has_come(hotel: Customer, identifier: str) -> None:
    def move() -> None:
        WakeupCall.objects.filter(id=identifier).update(act_at=now())

    await in_account(hotel.account_id, move)
    assert await in_directory(call_due) >= 1


async def the_only_one(hotel: Customer) -> dict[str, Any]:
    (found,) = await hotel.get("wakeup_calls")
    return dict(found)


async def results(hotel: Customer, identifier: str, expected: list[str]) -> None:
    async def there() -> bool:
        history = await hotel.get(f"wakeup_calls/{identifier}/history")
        return [row["result"] for row in reversed(history)] == expected

    await until(there, f"the history is {expected}", 15)


async def is_said_goodbye(line: Line) -> None:
    await line.hears_sound()
    assert await line.ended() == 200


async def test_set_by_phone_snoozed_and_confirmed(hotel: Customer, cast: Cast) -> None:
    room = await hotel.phone("room12")
    call = await room.dial("*55")
    await call.answered()
    # Set it, for half past seven, in the morning, every day, yes.
    await keyed(cast, call, "1", "0730", "1", "2", "1")
    await is_said_goodbye(call)
    made = await the_only_one(hotel)
    assert (made["device_id"], made["time"], len(made["days"])) == (room.device_id, "07:30", 7)
    await the_time_has_come(hotel, made["id"])
    ring = await room.rings()
    assert (ring.caller_name, ring.caller_number) == ("Wake-up call", "*55")
    await ring.answer()
    await ring.hears_sound()
    await ring.press("1")
    await results(hotel, made["id"], ["snoozed"])
    await is_said_goodbye(ring)
    waiting = await the_only_one(hotel)
    assert waiting["last_result"] == "snoozed"
    assert waiting["next_call"] < made["next_call"]
    await the_time_has_come(hotel, made["id"])
    again = await room.rings()
    await again.answer()
    await again.hears_sound()
    await again.press("5")
    await results(hotel, made["id"], ["snoozed", "confirmed"])
    await is_said_goodbye(again)
    after = await the_only_one(hotel)
    assert (after["next_call"], after["enabled"]) == (made["next_call"], True)
    await room.stays_silent(0.3)


async def test_set_and_cancelled_by_star_code(hotel: Customer) -> None:
    room = await hotel.phone("room14")
    call = await room.dial("*551915")
    await call.answered()
    await is_said_goodbye(call)
    made = await the_only_one(hotel)
    assert (made["time"], made["enabled"], made.get("days", [])) == ("19:15", True, [])
    call = await room.dial("*550")
    await call.answered()
    await is_said_goodbye(call)
    assert await hotel.get("wakeup_calls") == []


async def test_nobody_answers_and_the_front_desk_learns_of_it(hotel: Customer) -> None:
    room = await hotel.phone("room16", do_not_disturb={"enabled": True})
    document = {"name": "Room 16", "device_id": room.device_id, "time": "06:00", "retries": 1, "timeout": 5}
    made = await hotel.put("wakeup_calls", document)
    ear = await hotel.listen("wakeup_call.failed.*")
    for tries in (1, 2):
        await the_time_has_come(hotel, made["id"])
        ring = await room.rings()
        await results(hotel, made["id"], ["unanswered"] * (tries - 1) + ["ringing"])
        await ring.ended()
        await the_time_has_come(hotel, made["id"])
        await results(hotel, made["id"], ["unanswered"] * tries)
    ((_moment, told),) = await ear.hears("failed")
    assert (told["wakeup_call_id"], told["result"], told["attempts"]) == (made["id"], "unanswered", 2)
    assert (await the_only_one(hotel))["enabled"] is False


async def test_who_hangs_up_is_awake(hotel: Customer) -> None:
    guest = await hotel.user("gus")
    document = {"owner_id": guest.id, "time": "06:00"}
    made = await hotel.put("wakeup_calls", document)
    await the_time_has_come(hotel, made["id"])
    ring = await guest.phones[0].rings()
    await ring.answer()
    await results(hotel, made["id"], ["answered"])
    await ring.hears_sound()
    await ring.hang_up()
    await ring.ended()
    assert (await the_only_one(hotel))["last_result"] == "answered"
