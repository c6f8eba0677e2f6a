"""Conferences: everybody hears everybody, a muted one is not heard, and the API shows and controls who is there."""

from __future__ import annotations

from typing import Any

from tests.telephony.cast import Cast, Customer, Line
from tests.telephony.mixes import hears_in_mix, hears_no_more
from tests.telephony.stack import until

QUIET = {
    "play_welcome": False,
    "play_entry_tone": False,
    "play_exit_tone": False,
    "member": {"play_entry_prompt": False, "pins": ["1111"]},
    "moderator": {"pins": ["2222"]},
}


async def room(bakery: Customer, **document: Any) -> str:
    made = await bakery.put("conferences", {"name": "Weekly", **QUIET, **document})
    await bakery.flow(["5000"], "conference", {"id": made["id"]})
    return str(made["id"])


async def comes(bakery: Customer, conference: str, name: str, pin: str, count: int) -> Line:
    """Somebody dials in, and is there."""
    phone = await bakery.phone(name)
    line = await phone.dial("5000")
    await line.answered()
    if pin:
        await line.hears_sound()
        await line.press(f"{pin}#")
    await present(bakery, conference, count)
    return line


async def present(bakery: Customer, conference: str, count: int) -> list[dict[str, Any]]:
    async def there() -> list[dict[str, Any]] | None:
        people = await bakery.get(f"conferences/{conference}/participants")
        return people if len(people) == count else None

    # None of them makes an empty list, which is no answer to wait for.
    if count == 0:

        async def gone() -> bool:
            return not await bakery.get(f"conferences/{conference}/participants")

        await until(gone, "nobody is in the conference", 15)
        return []
    found: list[dict[str, Any]] = await until(there, f"{count} are in the conference", 15)
    return found


async def state(bakery: Customer, conference: str, participant: int, field: str, value: bool) -> None:
    async def so() -> bool:
        one = await bakery.get(f"conferences/{conference}/participants/{participant}")
        return one[field] is value

    await until(so, f"participant {participant}: {field} is {value}", 10)


async def test_three_hear_each_other(cast: Cast) -> None:
    bakery = await cast.customer()
    conference = await room(bakery)
    anna = await comes(bakery, conference, "anna", "2222", 1)
    ben = await comes(bakery, conference, "ben", "1111", 2)
    cora = await comes(bakery, conference, "cora", "1111", 3)
    if cast.is_real:
        for listener in (anna, ben, cora):
            for speaker in (anna, ben, cora):
                if listener is not speaker:
                    await hears_in_mix(listener, speaker.tone)
    people = await present(bakery, conference, 3)
    assert [one["is_moderator"] for one in people] == [True, False, False]
    shown = (await bakery.get(f"conferences/{conference}"))["_read_only"]
    assert (shown["members"], shown["moderators"], shown["is_locked"]) == (2, 1, False)
    await anna.hang_up()
    await ben.hang_up()
    await present(bakery, conference, 1)
    await cora.hang_up()
    await present(bakery, conference, 0)


async def test_a_muted_one_is_not_heard(cast: Cast) -> None:
    bakery = await cast.customer()
    conference = await room(bakery)
    anna = await comes(bakery, conference, "anna", "2222", 1)
    ben = await comes(bakery, conference, "ben", "1111", 2)
    second = (await present(bakery, conference, 2))[1]["participant_id"]
    path = f"conferences/{conference}/participants/{second}"
    ear = await bakery.listen(f"conference.event.{conference}.*", "conference.command.*")
    await bakery.put(path, {"action": "mute"})
    await state(bakery, conference, second, "speak", False)
    await ear.hears("event")
    if cast.is_real:
        await hears_no_more(anna, ben.tone)
        await hears_in_mix(ben, anna.tone)
    await bakery.put(path, {"action": "unmute"})
    await state(bakery, conference, second, "speak", True)
    if cast.is_real:
        await hears_in_mix(anna, ben.tone)
        await ben.press("0")
        await state(bakery, conference, second, "speak", False)


async def test_everybody_is_told(cast: Cast) -> None:
    """Lock, a full and a locked room, and the end."""
    bakery = await cast.customer()
    conference = await room(bakery, max_participants=2)
    anna = await comes(bakery, conference, "anna", "2222", 1)
    await bakery.put(f"conferences/{conference}", {"action": "lock"})

    async def locked() -> bool:
        return bool((await bakery.get(f"conferences/{conference}"))["_read_only"]["is_locked"])

    await until(locked, "the conference is locked", 10)
    ben = await bakery.phone("ben")
    late = await ben.dial("5000")
    await late.answered()
    await late.hears_sound()
    await late.press("1111#")
    await late.ended(20)
    await bakery.put(f"conferences/{conference}", {"action": "unlock"})

    async def open_again() -> bool:
        return not await locked()

    await until(open_again, "the conference is open", 10)
    cora = await comes(bakery, conference, "cora", "1111", 2)
    await bakery.put(f"conferences/{conference}/participants", {"action": "kick"})
    await cora.ended(20)
    await anna.ended(20)
    await present(bakery, conference, 0)


async def test_people_are_called_into_it(cast: Cast) -> None:
    bakery = await cast.customer()
    conference = await room(bakery)
    anna = await comes(bakery, conference, "anna", "2222", 1)
    ben = await bakery.phone("ben")
    answer = await bakery.put(f"conferences/{conference}", {"action": "dial", "data": {"endpoints": [ben.device_id]}})
    assert answer["endpoint_responses"][0]["status"] == "success"
    ring = await ben.rings()
    await ring.answer()
    await present(bakery, conference, 2)
    if cast.is_real:
        await anna.hears(ring)
        await ring.hears(anna)
