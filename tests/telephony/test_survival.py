"""Processes are killed in the middle of calls: conversations go on, everybody else is helped within seconds, and every
call ends with exactly one record of each leg."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.bridge import in_directory
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.orphans import CALL_SERVER
from apps.switching.esl.errors import EslError
from apps.switching.registrar.models import Registration
from tests.telephony.cast import Cast, Customer, Line, Phone, Running
from tests.telephony.conftest import system_of
from tests.telephony.stack import Kind, until

pytestmark = pytest.mark.timeout(300)
log = logging.getLogger(__name__)
_numbers = itertools.count(13125550121)
#: Within so many seconds of the loss of a call server, everybody it had has another one.
SOON = 5.0
CALL_SERVERS = ("calls-1", "calls-2")


@pytest.fixture(scope="module")
def system(switch: Kind, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Running]:
    yield from system_of(switch, django_db_blocker, call_servers=len(CALL_SERVERS))


def size(cast: Cast) -> int:
    """Calls of each kind: real phones and their audio are on the same two cores as the switch."""
    return 8 if cast.is_real else 50


async def legs(cast: Cast, direction: str) -> list[str]:
    """The legs of callers (`inbound`), or of phones that talk to somebody (`outbound`)."""
    rows = json.loads(await cast.fs("show", "channels as json")).get("rows", [])
    wanted = {"inbound": "CS_EXECUTE", "outbound": "CS_EXCHANGE_MEDIA"}[direction]
    return [row["uuid"] for row in rows if row["direction"] == direction and row["state"] == wanted]


async def bridged(cast: Cast) -> int:
    """How many conversations the switch has."""
    return len(await legs(cast, "outbound"))


@dataclass
class Office:
    """`talk` rings a phone that answers, `menu` is a menu with that phone behind key 1."""

    customer: Customer
    phone: Phone
    talk: str
    menu: str


async def office(cast: Cast, *, answers: bool = True, **account: Any) -> Office:
    customer = await cast.customer(**account)
    phone = await customer.phone("anna")
    if answers:
        await phone.behave("answer")
    talk, menu = f"+{next(_numbers)}", f"+{next(_numbers)}"
    ring = {"module": "device", "data": {"id": phone.device_id, "timeout": 20}, "children": {}}
    await customer.number(talk, "device", ring["data"])
    await customer.number(menu, "menu", {"timeout": 60_000, "retries": 3}, children={"1": ring})
    return Office(customer, phone, talk, menu)


async def dial(cast: Cast, number: str, count: int) -> list[Line]:
    lines = []
    for place in range(count):
        lines.append(await cast.carrier.dial(number, caller=f"+1212555{1000 + place}", name="Pat"))
        await asyncio.sleep(0.05 if cast.is_real else 0)
    return lines


async def all_recorded(customer: Customer, count: int) -> list[dict[str, Any]]:
    """Every leg once: the call records of the account, when that many are there and no more come."""

    async def complete() -> list[dict[str, Any]] | None:
        found = await customer.get("cdrs?page_size=500")
        return list(found) if len(found) >= count else None

    records: list[dict[str, Any]] = await until(complete, f"{count} legs are recorded", 60)
    await asyncio.sleep(1)
    again = await customer.get("cdrs?page_size=500")
    assert len(again) == count
    assert len({row["call_id"] for row in again}) == count
    return records


async def in_menu(cast: Cast) -> dict[str, str]:
    """Who is asked for a key now, with the name of his call server."""
    rows = json.loads(await cast.fs("show", "channels as json")).get("rows", [])
    asked = [row["uuid"] for row in rows if row["application"] == "play_and_get_digits"]
    names = await asyncio.gather(*(cast.fs("uuid_getvar", f"{uuid} {CALL_SERVER}") for uuid in asked))
    return dict(zip(asked, (name.strip() for name in names), strict=True))


def name_of(cast: Cast, call_server: str) -> str:
    """Of the process that runs now: a call server says its name when it listens."""
    name: str = re.findall(r"call server (\S+) listens", cast.stack.log_of(call_server))[-1]
    return name


async def test_calls_outlive_a_call_server(cast: Cast) -> None:
    place = await office(cast)
    customer, count = place.customer, size(cast)
    await dial(cast, place.talk, count)
    choosing = await dial(cast, place.menu, count)
    await until(lambda: _is(bridged(cast), count), "everybody talks", 90)
    for line in choosing:
        await line.answered()
    before = await until(lambda: _all_in_menu(cast, count), "everybody is in the menu", 30)
    lost, kept = (name_of(cast, one) for one in CALL_SERVERS)
    had = sum(name == lost for name in before.values())
    assert abs(2 * had - count) <= 1 + count // 10, "the calls are spread evenly"

    cast.stack.end("calls-1", roughly=True)
    killed = time.monotonic()

    async def back() -> bool:
        # Asking the switch of every call, over and over, would be work for it in the very seconds that are measured.
        if cast.stack.log_of("calls-2").count("taken up at step") < had:
            return False
        now = await in_menu(cast)
        return now.keys() == before.keys() and set(now.values()) == {kept}

    await until(back, "everybody is in the menu again, with the other call server", SOON)
    log.warning(
        "%s: %d of %d back in the menu %.2f s after the KILL", cast.stack.kind, had, count, time.monotonic() - killed
    )
    assert time.monotonic() - killed < SOON
    assert await bridged(cast) == count, "a conversation ended with its call server"

    for line in choosing:
        await line.press("1")
    await until(lambda: _is(bridged(cast), 2 * count), "everybody in the menu has chosen", 30)
    await begin_again(cast, "calls-1")

    # Half of the callers hang up; the others are left by the phone, and whoever has them now ends their calls.
    for uuid in (await legs(cast, "inbound"))[::2]:
        await cast.fs("uuid_kill", f"{uuid} NORMAL_CLEARING")
    await until(lambda: _is(bridged(cast), count), "half of the conversations are over", 20)
    for uuid in await legs(cast, "outbound"):
        await cast.fs("uuid_kill", f"{uuid} NORMAL_CLEARING")
    await cast.idle(30)
    records = await all_recorded(customer, 4 * count)
    assert {row["hangup_cause"] for row in records} == {"NORMAL_CLEARING"}


async def test_without_any_call_server_the_switch_does_what_the_account_wants(cast: Cast) -> None:
    number = f"+{next(_numbers)}"
    place = await office(cast, call_server_fallback={"after": 2, "number": number})
    plain = await office(cast, call_server_fallback={"after": 0, "code": 480})
    waiting = await cast.carrier.dial(place.menu, caller="+12125551001")
    await waiting.answered()
    for one in CALL_SERVERS:
        cast.stack.end(one, roughly=True)
    began = time.monotonic()
    try:
        ring = await cast.carrier.rings()
        assert ring.number.lstrip("+") == number.lstrip("+")
        await ring.answer()
        await waiting.hears(ring)
        log.warning(
            "%s: the fallback was rung and answered %.1f s after the KILL", cast.stack.kind, time.monotonic() - began
        )
        await waiting.hang_up()
        assert await ring.ended() == 200

        fresh = await cast.carrier.dial(place.talk, caller="+12125551002")
        ring = await cast.carrier.rings()
        await ring.answer()
        await fresh.answered()
        await ring.hang_up()
        assert await fresh.ended() == 200
        refused = await cast.carrier.dial(plain.talk, caller="+12125551003")
        assert await refused.ended() == 480
    finally:
        for one in CALL_SERVERS:
            await begin_again(cast, one)
    await all_recorded(place.customer, 4)


async def test_a_conversation_that_ends_at_the_phone_while_nobody_is_there_ends_for_the_caller(cast: Cast) -> None:
    place = await office(cast, answers=False)
    customer = place.customer
    line = await cast.carrier.dial(place.talk, caller="+12125551001")
    ring = await place.phone.rings()
    await ring.answer()
    await line.answered()
    for one in CALL_SERVERS:
        cast.stack.end(one, roughly=True)
    await ring.hang_up()
    for one in CALL_SERVERS:
        await begin_again(cast, one)
    assert await line.ended() == 200
    await all_recorded(customer, 2)
    (trace,) = await until(lambda: _traces(customer), "the trace is finished", 10)
    steps = (await customer.get(f"call_traces/{trace['call_id']}"))["steps"]
    assert steps[-1]["module"] == "device"
    assert trace["hangup_cause"] == "NORMAL_CLEARING"


async def test_calls_and_registrations_are_right_again_after_the_switch_restarts(cast: Cast) -> None:
    place = await office(cast)
    await dial(cast, place.talk, 3)
    await until(lambda: _is(bridged(cast), 3), "everybody talks", 30)
    await until(in_directory_calls, "the calls are known", 10)
    cast.stack.end("node", roughly=True)
    await until(lambda: _is(cast.stack.node_is_up(), False), "it is noticed", 10)
    cast.stack.begin("node")
    await until(lambda: _reached(cast), "the switch is reached again", 60)
    began = time.monotonic()
    await until(lambda: _agree(cast), "calls and registrations are what the switch lists", 10)
    log.warning("%s: all as listed %.1f s after it was reached", cast.stack.kind, time.monotonic() - began)
    assert await in_directory_calls() == set(), "the calls ended with the switch"
    await until(cast.stack.node_is_up, "the switch process hears it again", 10)

    if not cast.is_real:
        # The lab's phones are part of the node, and went with it.
        return
    assert await place.phone.register() == 200
    await dial(cast, place.talk, 2)
    await until(lambda: _is(bridged(cast), 2), "people talk again", 30)
    await until(lambda: _agree(cast), "calls and registrations are what the switch lists", 10)
    assert len(await in_directory_calls()) == 4


async def begin_again(cast: Cast, call_server: str) -> None:
    """Start a call server that was killed, and wait until it listens."""
    before = cast.stack.log_of(call_server).count(" listens")
    cast.stack.begin(call_server)
    await until(lambda: cast.stack.log_of(call_server).count(" listens") > before, "the call server is back", 60)


async def in_directory_calls() -> set[str]:
    return await in_directory(lambda: set(LiveChannel.objects.values_list("uuid", flat=True)))


async def _agree(cast: Cast) -> bool:
    """Whether what we believe is what the switch lists, one by one."""
    calls = json.loads(await cast.fs("show", "channels as json")).get("rows", [])
    registered = json.loads(await cast.fs("show", "registrations as json")).get("rows", [])
    known = await in_directory(lambda: list(Registration.objects.values_list("username", "realm")))
    there = sorted((row["reg_user"], row["realm"]) for row in registered)
    return await in_directory_calls() == {row["uuid"] for row in calls} and sorted(known) == there


async def _reached(cast: Cast) -> bool:
    try:
        await cast.reconnect()
    except (EslError, OSError):
        return False
    return True


async def _all_in_menu(cast: Cast, count: int) -> dict[str, str] | None:
    found = await in_menu(cast)
    return found if len(found) == count and all(found.values()) else None


async def _is(work: Any, wanted: int) -> bool:
    return bool(await work == wanted)


async def _traces(customer: Customer) -> list[dict[str, Any]] | None:
    found = await customer.get("call_traces")
    return [one for one in found if one["ended"]] or None
