"""What people in a conference hear of what is done to it: keys, the API's actions, tones, names and recordings.
Sound judges all of it, so that these run on the real switch alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.telephony.cast import Cast, Customer, Line
from tests.telephony.conftest import SWITCHES
from tests.telephony.mixes import hears_in_mix, hears_no_more
from tests.telephony.scenarios.test_conference import QUIET, comes, present, room, state
from tests.telephony.scenarios.test_recording import fetched, loudness, recordings
from tests.telephony.sip_parties import SipLine
from tests.telephony.stack import until
from tests.telephony.tones import SAMPLES_PER_SECOND
from tests.telephony.tones import loudness as loudness_of

pytestmark = pytest.mark.parametrize("switch", SWITCHES[1:], indirect=True)
#: The tones of who comes and who leaves, by their second note.
#: What the last and longer part of each tone sounds like, Hz, and how much of its 0.16 s must be heard.
COMES, LEAVES, SHORT = 784, 523, 0.1


async def two(bakery: Customer, **document: Any) -> tuple[str, Line, Line, int]:
    """Anna, the moderator, and Ben, a member with this number, hear each other."""
    conference = await room(bakery, **document)
    anna = await comes(bakery, conference, "anna", "2222", 1)
    ben = await comes(bakery, conference, "ben", "1111", 2)
    await hears_in_mix(anna, ben.tone)
    await hears_in_mix(ben, anna.tone)
    people = await present(bakery, conference, 2)
    return conference, anna, ben, int(people[1]["participant_id"])


async def how_loud(listener: Line) -> float:
    """Of one second from now on, once what was on the way has arrived."""
    assert isinstance(listener, SipLine)
    audio = listener.call.audio
    since = audio.mark_place()
    await until(lambda: len(audio.samples(since)) >= 2 * SAMPLES_PER_SECOND, "two seconds of sound arrive", 15)
    return loudness_of(audio.samples(since)[SAMPLES_PER_SECOND : 2 * SAMPLES_PER_SECOND])


async def becomes(listener: Line, what: str, before: float, *, quieter: bool) -> None:
    async def so() -> bool:
        now = await how_loud(listener)
        return now < 0.7 * before if quieter else now > 0.8 * before

    await until(so, what, 20)


async def test_keys_mute_and_deafen(cast: Cast) -> None:
    bakery = await cast.customer()
    conference, anna, ben, member = await two(bakery)
    await ben.press("*6")
    await hears_no_more(anna, ben.tone)
    await hears_in_mix(ben, anna.tone)
    await state(bakery, conference, member, "speak", False)
    await ben.press("*6")
    await hears_in_mix(anna, ben.tone)
    await ben.press("*4")
    await hears_no_more(anna, ben.tone)
    await hears_no_more(ben, anna.tone)
    await state(bakery, conference, member, "hear", False)
    await ben.press("*4")
    await hears_in_mix(ben, anna.tone)
    await hears_in_mix(anna, ben.tone)
    # Only moderators lock.
    await ben.press("*5")
    await asyncio.sleep(0.5)
    assert not (await bakery.get(f"conferences/{conference}"))["_read_only"]["is_locked"]
    await anna.press("*5")

    async def locked() -> bool:
        return bool((await bakery.get(f"conferences/{conference}"))["_read_only"]["is_locked"])

    await until(locked, "the moderator has locked it", 10)
    await ben.press("#")
    assert await ben.ended(20) == 200
    await present(bakery, conference, 1)


async def test_keys_change_how_loud(cast: Cast) -> None:
    bakery = await cast.customer()
    conference, anna, ben, member = await two(bakery)
    heard, said = await how_loud(ben), await how_loud(anna)
    await ben.press("111")
    await becomes(ben, "he hears less", heard, quieter=True)
    await ben.press("2")
    await becomes(ben, "he hears as before", heard, quieter=False)
    await ben.press("444")
    await becomes(anna, "he is heard less", said, quieter=True)
    await ben.press("5")
    await becomes(anna, "he is heard as before", said, quieter=False)
    await ben.press("9")

    async def level(wanted: int) -> bool:
        one = await bakery.get(f"conferences/{conference}/participants/{member}")
        return bool(one["energy_level"] == wanted)

    await until(lambda: level(300), "it takes more to be heard", 10)
    await ben.press("8")
    await until(lambda: level(100), "it takes as much as before", 10)


async def test_deaf_relate_and_volume_by_the_api(cast: Cast) -> None:
    bakery = await cast.customer()
    conference, anna, ben, member = await two(bakery)
    path = f"conferences/{conference}/participants/{member}"
    await bakery.put(path, {"action": "deaf"})
    await hears_no_more(ben, anna.tone)
    await hears_in_mix(anna, ben.tone)
    await state(bakery, conference, member, "hear", False)
    await bakery.put(path, {"action": "undeaf"})
    await hears_in_mix(ben, anna.tone)
    cora = await comes(bakery, conference, "cora", "1111", 3)
    third = (await present(bakery, conference, 3))[2]["participant_id"]
    related = {"participant_id": member, "other_participant": third}
    await bakery.put(path, {"action": "relate", "data": {**related, "relationship": "mute"}})
    await hears_no_more(cora, ben.tone)
    await hears_in_mix(anna, ben.tone)
    await hears_in_mix(ben, cora.tone)
    await bakery.put(path, {"action": "relate", "data": {**related, "relationship": "clear"}})
    await hears_in_mix(cora, ben.tone)
    await bakery.put(path, {"action": "relate", "data": {**related, "relationship": "deaf"}})
    await hears_no_more(ben, cora.tone)
    await hears_in_mix(cora, ben.tone)
    await hears_in_mix(ben, anna.tone)
    await bakery.put(path, {"action": "relate", "data": {**related, "relationship": "clear"}})
    await hears_in_mix(ben, cora.tone)
    heard = await how_loud(ben)
    await bakery.put(path, {"action": "volume_out", "data": {"level": -4}})
    await becomes(ben, "he hears less", heard, quieter=True)
    await bakery.put(path, {"action": "volume_out", "data": {"level": 0}})
    await becomes(ben, "he hears as before", heard, quieter=False)


async def test_sounds_for_all_and_for_one(cast: Cast) -> None:
    bakery = await cast.customer()
    conference, anna, ben, member = await two(bakery)
    endless = {"media_id": "tone_stream://%(1000,0,3300);loops=30"}
    await bakery.put(f"conferences/{conference}", {"action": "play", "data": endless})
    await hears_in_mix(anna, 3300)
    await hears_in_mix(ben, 3300)
    await bakery.put(f"conferences/{conference}", {"action": "stop_play"})
    await hears_no_more(anna, 3300)
    await hears_no_more(ben, 3300)
    path = f"conferences/{conference}/participants/{member}"
    await bakery.put(path, {"action": "play", "data": endless})
    await hears_in_mix(ben, 3300)
    await hears_no_more(anna, 3300)


async def test_everybody_muted_but_the_moderator_and_put_out(cast: Cast) -> None:
    bakery = await cast.customer()
    conference, anna, ben, member = await two(bakery)
    await bakery.put(f"conferences/{conference}", {"action": "mute"})
    await hears_no_more(anna, ben.tone)
    await hears_in_mix(ben, anna.tone)
    await bakery.put(f"conferences/{conference}", {"action": "unmute"})
    await hears_in_mix(anna, ben.tone)
    await bakery.put(f"conferences/{conference}/participants/{member}", {"action": "kick"})
    assert await ben.ended(20) == 200
    assert not await anna.is_ended()
    cora = await comes(bakery, conference, "cora", "1111", 2)
    third = (await present(bakery, conference, 2))[1]["participant_id"]
    await bakery.put(f"conferences/{conference}/participants/{third}", {"action": "hangup"})
    await cora.ended(20)
    await present(bakery, conference, 1)


async def test_people_are_called_in_muted_and_by_number(cast: Cast) -> None:
    bakery = await cast.customer()
    conference, anna, ben, _member = await two(bakery)
    await bakery.dial_out()
    dan = await bakery.phone("dan")
    wanted = {"endpoints": [dan.device_id, "+12125550123"], "participant_flags": ["mute"], "caller_id_name": "Weekly"}
    answer = await bakery.put(f"conferences/{conference}", {"action": "dial", "data": wanted})
    assert [one["status"] for one in answer["endpoint_responses"]] == ["success", "success"]
    ring, outside = await dan.rings(), await cast.carrier.rings()
    assert ring.caller_name == "Weekly"
    await ring.answer()
    await present(bakery, conference, 3)
    await outside.answer()
    people = await present(bakery, conference, 4)
    assert [one["speak"] for one in people] == [True, True, False, False]
    for line in (ring, outside):
        await hears_in_mix(line, anna.tone)
        await hears_no_more(ben, line.tone)


async def test_tones_of_who_comes_and_leaves(cast: Cast) -> None:
    bakery = await cast.customer()
    conference = await room(bakery, play_entry_tone=True, play_exit_tone=True)
    anna = await comes(bakery, conference, "anna", "2222", 1)
    heard = asyncio.create_task(hears_in_mix(anna, COMES, 25, lasting=SHORT))
    ben = await comes(bakery, conference, "ben", "1111", 2)
    await heard
    # Ben says something else all the time; after him, only the tone is left.
    heard = asyncio.create_task(hears_in_mix(anna, LEAVES, 25, lasting=SHORT))
    await ben.hang_up()
    await heard


async def test_names_are_said(cast: Cast) -> None:
    """Ben comes in muted: what Anna hears of him can only be his name."""
    bakery = await cast.customer()
    member = {**QUIET["member"], "join_muted": True}
    conference = await room(bakery, member=member)
    anna = await comes(bakery, conference, "anna", "2222", 1)
    await bakery.patch(f"conferences/{conference}", {"play_name": True})
    ben = await (await bakery.phone("ben")).dial("5000")
    await ben.answered()
    await ben.hears_sound()
    await ben.press("1111#")
    heard = asyncio.create_task(hears_in_mix(anna, ben.tone, 40))
    await present_within(bakery, conference, 2, 40)
    await heard
    heard = asyncio.create_task(hears_in_mix(anna, ben.tone, 25))
    await ben.hang_up()
    await heard


async def present_within(bakery: Customer, conference: str, count: int, seconds: float) -> None:
    async def there() -> bool:
        return len(await bakery.get(f"conferences/{conference}/participants")) == count

    await until(there, f"{count} are in the conference", seconds)


async def test_members_wait_for_the_moderator(cast: Cast) -> None:
    """Without a moderator they do not hear each other; it ends when the moderator leaves."""
    bakery = await cast.customer()
    conference = await room(bakery, require_moderator=True)
    ben = await comes(bakery, conference, "ben", "1111", 1)
    cora = await comes(bakery, conference, "cora", "1111", 2)
    await ben.hears_sound(20)
    await hears_no_more(ben, cora.tone)
    anna = await comes(bakery, conference, "anna", "2222", 3)
    for listener in (ben, cora):
        await hears_in_mix(listener, anna.tone)
    await hears_in_mix(ben, cora.tone)
    await anna.hang_up()
    assert await ben.ended(20) == 200
    assert await cora.ended(20) == 200
    await present(bakery, conference, 0)


async def test_wrong_pins_and_a_full_conference(cast: Cast) -> None:
    bakery = await cast.customer()
    conference = await room(bakery, max_participants=1)
    guess = await (await bakery.phone("dan")).dial("5000")
    await guess.answered()
    for pin in ("1", "2", "3"):
        await guess.hears_sound(15)
        await guess.press(f"{pin}#")
    assert await guess.ended(40) == 200
    await present(bakery, conference, 0)
    await comes(bakery, conference, "anna", "2222", 1)
    late = await (await bakery.phone("cora")).dial("5000")
    await late.answered()
    await late.hears_sound()
    await late.press("1111#")
    assert await late.ended(30) == 200
    assert len(await present(bakery, conference, 1)) == 1


async def test_a_recording_of_everybody(cast: Cast) -> None:
    """By the API: what everybody said is in one file of the account, and nothing from before or after."""
    bakery = await cast.customer()
    conference, anna, ben, _member = await two(bakery)
    await bakery.put(f"conferences/{conference}", {"action": "record", "data": {"action": "start"}})
    await until(lambda: recording(bakery, conference, True), "it is recorded", 15)
    await asyncio.sleep(3)
    await bakery.put(f"conferences/{conference}", {"action": "record", "data": {"action": "stop"}})
    await until(lambda: recording(bakery, conference, False), "it is recorded no more", 15)
    found = (await recordings(bakery))[0]
    assert 2 <= found["duration_ms"] / 1000 <= 30
    samples, rate = await fetched(bakery, found["id"], "audio/mpeg", "audio/mpeg")
    for line in (anna, ben):
        assert loudness(samples[:, 0], rate, line.tone) > 0.2
    stranger = await cast.customer()
    assert await stranger.get("recordings") == []


async def recording(bakery: Customer, conference: str, wanted: bool) -> bool:
    return bool((await bakery.get(f"conferences/{conference}"))["_read_only"]["is_recording"]) is wanted


async def test_a_rule_records_who_calls_into_a_conference(cast: Cast) -> None:
    bakery = await cast.customer()
    await bakery.patch("", {"call_recording": {"account": {"any": {"any": {"enabled": True, "format": "wav"}}}}})
    _conference, anna, ben, _member = await two(bakery)
    await asyncio.sleep(2)
    await ben.hang_up()
    await anna.hang_up()
    heard = []
    for found in await recordings(bakery, 2):
        samples, rate = await fetched(bakery, found["id"], "audio/wav", "audio/wav")
        # Who called is on the left, and the conference on the right.
        heard += [
            (speaker, other)
            for speaker, other in ((anna, ben), (ben, anna))
            if loudness(samples[:, 0], rate, speaker.tone) > 0.5 and loudness(samples[:, 1], rate, other.tone) > 0.1
        ]
    assert sorted(speaker.tone for speaker, _other in heard) == sorted((anna.tone, ben.tone))


async def test_nobody_else_is_told(cast: Cast) -> None:
    bakery, mill = await cast.customer(), await cast.customer()
    ear = await bakery.listen("conference.event.*", "conference.command.*")
    stranger = await mill.listen("conference.event.*", "conference.command.*")
    conference, _anna, ben, member = await two(bakery)
    await bakery.put(f"conferences/{conference}/participants/{member}", {"action": "mute"})
    await state(bakery, conference, member, "speak", False)
    await ben.hang_up()
    wanted = {"conference-create", "add-member", "mute-member", "del-member"}
    await until(lambda: wanted <= told(ear), "the account is told", 10)
    assert all(frame["data"]["account_id"] == bakery.account_id for _moment, frame in ear.heard)
    assert stranger.heard == []


def told(ear: Any) -> set[str]:
    return {str(frame["data"].get("event")) for _moment, frame in ear.heard}
