"""Two FreeSWITCH nodes, one conference: whoever comes to the other node is brought to where it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.telephony.cast import SIP_PASSWORD, Cast, Customer, Running, running_system
from tests.telephony.mixes import hears_in_mix, hears_no_more
from tests.telephony.parties import Line, Phone
from tests.telephony.scenarios.test_conference import comes, present, room
from tests.telephony.sip_parties import SipPartyPhone
from tests.telephony.sipp import free_port
from tests.telephony.stack import until
from tests.telephony.two_nodes import OTHER, TwoNodes

pytestmark = [pytest.mark.freeswitch, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=[pytest.param("freeswitch", marks=pytest.mark.django_db)])
def system(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Running]:
    with running_system("freeswitch", django_db_blocker, free_port("127.0.0.1"), build=TwoNodes) as running:
        yield running


@pytest.fixture
async def nodes(system: Running) -> AsyncIterator[TwoNodes]:
    stack = system.stack
    assert isinstance(stack, TwoNodes)
    yield stack
    if stack.is_running(OTHER):
        client = await stack.other_esl()
        await client.api("hupall", "NORMAL_CLEARING")
        await client.close()


async def phone_at_other(cast: Cast, bakery: Customer, nodes: TwoNodes, name: str) -> Phone:
    """A phone that is registered with the other node."""
    sip = {"username": name, "password": SIP_PASSWORD, "method": "password"}
    made = await bakery.put("devices", {"name": name, "device_type": "sip_device", "sip": sip})
    phone = await SipPartyPhone(name, bakery.realm, SIP_PASSWORD, nodes.other).open()
    cast._agents.append(phone)
    phone.device_id = made["id"]
    await bakery.registered(phone)
    return phone


async def rooms_at(nodes: TwoNodes, *, other: bool) -> str:
    client = await (nodes.other_esl() if other else nodes.esl())
    try:
        return (await client.api("conference", "list count")).text
    finally:
        await client.close()


async def enters(phone: Phone, pin: str) -> Line:
    line = await phone.dial("5000")
    await line.answered()
    await line.hears_sound()
    await line.press(f"{pin}#")
    return line


async def test_callers_of_two_nodes_meet(cast: Cast, nodes: TwoNodes) -> None:
    bakery = await cast.customer()
    conference = await room(bakery)
    anna = await comes(bakery, conference, "anna", "2222", 1)
    ben = await enters(await phone_at_other(cast, bakery, nodes, "ben"), "1111")
    people = await present(bakery, conference, 2)
    await hears_in_mix(anna, ben.tone)
    await hears_in_mix(ben, anna.tone)
    assert "No active conferences" in await rooms_at(nodes, other=True)
    assert {one["switch_hostname"] for one in people} == {"local"}
    second = people[1]
    assert (second["is_moderator"], second["caller_id_number"]) == (False, "ben")
    assert second["custom_channel_vars"]["account_id"] == bakery.account_id
    await bakery.put(f"conferences/{conference}/participants/{second['participant_id']}", {"action": "mute"})
    await hears_no_more(anna, ben.tone)
    await bakery.put(f"conferences/{conference}/participants/{second['participant_id']}", {"action": "unmute"})
    await hears_in_mix(anna, ben.tone)
    # Keys arrive there as well.
    await ben.press("0")
    await hears_no_more(anna, ben.tone)
    await ben.hang_up()
    await present(bakery, conference, 1)
    await anna.hang_up()
    await present(bakery, conference, 0)
    await idle(nodes)


async def test_it_lives_where_it_began(cast: Cast, nodes: TwoNodes) -> None:
    """The first caller came to the other node; kicking everybody ends the calls on both."""
    bakery = await cast.customer()
    conference = await room(bakery, play_name=True)
    ben = await enters(await phone_at_other(cast, bakery, nodes, "ben"), "2222")
    await present(bakery, conference, 1)
    # Anna's name is said on the node she did not call: it has to be brought there first.
    line = await (await bakery.phone("anna")).dial("5000")
    await line.answered()
    await line.hears_sound()
    await line.press("1111#")
    people = await present(bakery, conference, 2)
    assert {one["switch_hostname"] for one in people} == {OTHER}
    await hears_in_mix(ben, line.tone)
    await hears_in_mix(line, ben.tone)
    await bakery.put(f"conferences/{conference}/participants", {"action": "kick"})
    await line.ended(20)
    await ben.ended(20)
    await idle(nodes)


async def test_two_who_come_at_once(cast: Cast, nodes: TwoNodes) -> None:
    """To two nodes, before anything is known of the conference: there is one all the same."""
    bakery = await cast.customer()
    made = await bakery.put(
        "conferences", {"name": "Quick", "play_welcome": False, "member": {"play_entry_prompt": False}}
    )
    await bakery.flow(["5000"], "conference", {"id": made["id"]})
    anna, ben = await bakery.phone("anna"), await phone_at_other(cast, bakery, nodes, "ben")
    here, there = await anna.dial("5000"), await ben.dial("5000")
    await here.answered()
    await there.answered()
    await hears_in_mix(here, there.tone)
    await hears_in_mix(there, here.tone)
    people = await present(bakery, made["id"], 2)
    assert len({one["switch_hostname"] for one in people}) == 1
    await here.hang_up()
    await there.hang_up()
    await idle(nodes)


async def test_a_word_nobody_gave_lets_nobody_in(cast: Cast, nodes: TwoNodes) -> None:
    line = await cast.carrier.dial(f"conference-{'0' * 32}")
    assert await line.ended() == 403


async def test_a_node_that_is_lost(cast: Cast, nodes: TwoNodes) -> None:
    """The last test: the other node ends. Its conferences are over, and begin anew elsewhere."""
    bakery = await cast.customer()
    conference = await room(bakery)
    ben = await enters(await phone_at_other(cast, bakery, nodes, "ben"), "2222")
    await present(bakery, conference, 1)
    nodes.end_other()
    await nodes.other_is_down()
    line = await enters(await bakery.phone("anna"), "1111")

    async def at_home() -> Any:
        return "1 member" in await rooms_at(nodes, other=False)

    await until(at_home, "it goes on at the node that is left", 20)
    await line.hang_up()
    del ben


async def idle(nodes: TwoNodes) -> None:
    client = await nodes.other_esl()

    async def empty() -> bool:
        return (await client.api("show", "channels count")).text.strip().startswith("0 ")

    await until(empty, "no channel is left on the other node", 15)
    await client.close()
