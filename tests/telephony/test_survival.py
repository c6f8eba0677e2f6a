"""Processes are killed in the middle of calls: conversations go on, everybody else is helped within seconds, and every
call ends with exactly one record of each leg."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import time
from dataclasses import dataclass
from typing import Any

import pytest

from apps.foundation.accounts.bridge import in_directory
from apps.switching.calls.models import LiveChannel
from apps.switching.registrar.models import Registration
from tests.telephony.cast import Cast, Customer, Line, Phone
from tests.telephony.stack import until

pytestmark = pytest.mark.timeout(300)
log = logging.getLogger(__name__)
_numbers = itertools.count(13125550121)
#: Seconds after a call server is back until everybody who waits for one has it.
SOON = 5.0


def soon() -> float:
    """A machine that is busy with other things is given its share of time."""
    return SOON * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def size(cast: Cast) -> int:
    """Calls of each kind: real phones and their audio are on the same two cores as the switch."""
    return 4 if cast.is_real else 50


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


async def office(cast: Cast, *, answers: bool = True) -> Office:
    customer = await cast.customer()
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


async def test_calls_outlive_the_call_server(cast: Cast) -> None:
    place = await office(cast)
    customer, count = place.customer, size(cast)
    await dial(cast, place.talk, count)
    choosing = await dial(cast, place.menu, count)
    await until(lambda: _is(bridged(cast), count), "everybody talks", 30)
    for line in choosing:
        await line.answered()

    cast.stack.end("switch", roughly=True)
    killed = time.monotonic()
    cast.stack.begin("switch")
    await until(lambda: _listens(cast), "the call server is back", 30)
    back = time.monotonic()
    assert await bridged(cast) == count, "a conversation ended with its call server"

    await until(lambda: cast.stack.log_of("switch").count("taken up at step") >= count, "all are taken up", soon())
    log.warning("%s: back after %.1f s, taken up after %.1f s", cast.stack.kind, back - killed, time.monotonic() - back)
    for line in choosing:
        await line.press("1")
    await until(lambda: _is(bridged(cast), 2 * count), "everybody in the menu has chosen", 30)

    # Half of the callers hang up; the others are left by the phone, and whoever has them now ends their calls.
    for uuid in (await legs(cast, "inbound"))[::2]:
        await cast.fs("uuid_kill", f"{uuid} NORMAL_CLEARING")
    await until(lambda: _is(bridged(cast), count), "half of the conversations are over", 20)
    for uuid in await legs(cast, "outbound"):
        await cast.fs("uuid_kill", f"{uuid} NORMAL_CLEARING")
    await cast.idle(30)
    records = await all_recorded(customer, 4 * count)
    assert {row["hangup_cause"] for row in records} == {"NORMAL_CLEARING"}


async def test_a_conversation_that_ends_at_the_phone_while_nobody_is_there_ends_for_the_caller(cast: Cast) -> None:
    place = await office(cast, answers=False)
    customer = place.customer
    line = await cast.carrier.dial(place.talk, caller="+12125551001")
    ring = await place.phone.rings()
    await ring.answer()
    await line.answered()
    cast.stack.end("switch", roughly=True)
    await ring.hang_up()
    cast.stack.begin("switch")
    assert await line.ended() == 200
    await all_recorded(customer, 2)
    (trace,) = await until(lambda: _traces(customer), "the trace is finished", 10)
    steps = (await customer.get(f"call_traces/{trace['call_id']}"))["steps"]
    assert steps[-1]["module"] == "device"
    assert trace["hangup_cause"] == "NORMAL_CLEARING"


async def test_calls_and_registrations_are_right_again_after_the_switch_restarts(cast: Cast) -> None:
    place = await office(cast)
    customer = place.customer
    lines = await dial(cast, place.talk, 3)
    await until(lambda: _is(bridged(cast), 3), "everybody talks", 30)
    await until(lambda: in_directory(LiveChannel.objects.filter(account_id=customer.account_id).count), "calls live")
    assert lines
    cast.stack.end("node", roughly=True)
    await until(lambda: _is(cast.stack.node_is_up(), False), "it is noticed", 10)
    cast.stack.begin("node")
    await until(cast.stack.node_is_up, "the node is reached again", 30)
    began = time.monotonic()
    await cast.reconnect()
    gone = LiveChannel.objects.filter(account_id=customer.account_id)
    await until(lambda: in_directory(lambda: not gone.exists()), "no call is believed to live on", 10)
    known = Registration.objects.filter(account_id=customer.account_id)

    async def agree() -> bool:
        listed = await cast.fs("show", "registrations as json")
        return listed.count(customer.realm) >= 1 or await in_directory(known.count) == 0

    await until(agree, "both know the same registrations", 10)
    assert time.monotonic() - began < 10


async def _is(work: Any, wanted: int) -> bool:
    return bool(await work == wanted)


async def _listens(cast: Cast) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", cast.stack.environment.ports.outbound)
    except OSError:
        return False
    writer.close()
    return True


async def _traces(customer: Customer) -> list[dict[str, Any]] | None:
    found = await customer.get("call_traces")
    return [one for one in found if one["ended"]] or None
