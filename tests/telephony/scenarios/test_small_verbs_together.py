"""Small verbs that bring people together: picking up and listening in by extension, a conference by its number, and who
takes part in a ring group."""

from __future__ import annotations

from tests.telephony.cast import Cast, talk
from tests.telephony.mixes import hears_in_mix
from tests.telephony.scenarios.test_conference import present
from tests.telephony.scenarios.test_pickup import Office
from tests.telephony.scenarios.test_pickup import office as office
from tests.telephony.scenarios.test_small_verbs import answers, node


async def test_a_ringing_extension_is_picked_up(office: Office) -> None:
    await answers(office.customer, "", node("call_pickup"), r"^\*85([0-9]+)$")
    call, ring = await office.ringing()
    stranger = await office.dora.dial("*851002")
    await stranger.answered()
    await stranger.ended()
    taking = await office.cleo.phones[0].dial("*851002")
    await taking.answered()
    await talk(call, taking)
    assert await ring.ended() != 200


async def test_a_named_phone_is_picked_up(office: Office) -> None:
    """By whom it says and nobody else."""
    data = {"device_id": office.ben.phones[0].device_id, "approved_device_id": office.dora.device_id}
    await answers(office.customer, "8010", node("call_pickup", data))
    call, _ring = await office.ringing()
    refused = await office.cleo.phones[0].dial("8010")
    await refused.answered()
    await refused.ended()
    taking = await office.dora.dial("8010")
    await taking.answered()
    await talk(call, taking)


async def test_listening_in_by_extension(cast: Cast, office: Office) -> None:
    data = {"approved_user_id": office.cleo.id}
    await answers(office.customer, "", node("eavesdrop_feature", data), r"^\*89([0-9]+)$")
    call, ring = await office.talking()
    listening = await office.cleo.phones[0].dial("*891002")
    await listening.answered()
    await listening.hears_sound()
    if cast.is_real:
        await hears_in_mix(listening, ring.tone)
        await hears_in_mix(listening, call.tone)
    refused = await office.dora.dial("*891002")
    await refused.answered()
    await refused.ended()
    await talk(call, ring)
    await call.hang_up()
    await listening.ended()


async def test_a_conference_is_dialled_behind_a_code(cast: Cast) -> None:
    bakery = await cast.customer()
    config = {"play_welcome": False, "play_entry_tone": False, "member": {"play_entry_prompt": False}}
    made = await bakery.put("conferences", {"name": "Weekly", **config, "conference_numbers": ["500"]})
    await answers(bakery, "", node("conference_feature", {"config": config}), r"^\*6([0-9]+)$")
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    for number in ("500", "501"):
        one = await anna.dial(f"*6{number}")
        await one.answered()
        other = await ben.dial(f"*6{number}")
        await other.answered()
        if number == "500":
            await present(bakery, made["id"], 2)
        if cast.is_real:
            await hears_in_mix(one, other.tone)
            await hears_in_mix(other, one.tone)
        await one.hang_up()
        await other.hang_up()
    await present(bakery, made["id"], 0)


async def test_a_member_leaves_a_ring_group_and_comes_back(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben, cleo = await bakery.user("ben"), await bakery.user("cleo")
    endpoints = [{"id": person.id, "endpoint_type": "user"} for person in (ben, cleo)]
    group = await bakery.flow(["8000"], "ring_group", {"endpoints": endpoints, "timeout": 10})
    for number, action in (("8001", "logout"), ("8002", "login")):
        toggle = node("ring_group_toggle", {"action": action, "callflow_id": group["id"]})
        await answers(bakery, number, toggle)
    for number, comes in (("8001", False), ("8002", True)):
        toggling = await ben.phones[0].dial(number)
        await toggling.answered()
        await toggling.hears_sound()
        assert await toggling.ended() == 200
        call = await anna.dial("8000")
        ring = await cleo.phones[0].rings()
        if comes:
            await ben.phones[0].rings()
        else:
            await ben.phones[0].stays_silent(1)
        await call.hang_up()
        await ring.ended()
