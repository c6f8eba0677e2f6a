"""Ring groups of 3 to 1,000 phones on the real switch: all at once, every member gets its INVITE, one answers, the
others are cancelled, and the event socket stays in frame throughout; in turn, the members ring alone and in the
strategy's order.

The story behind it: a group's bridge string of many kilobytes used to be cut by libesl at 4,077 bytes, and beyond 128
legs in a list the switch rings 127 and silently never dials the rest.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.foundation.kit.clock import now
from apps.pbx.callflows.engine import handle_call
from apps.pbx.devices.models import Device
from apps.switching.calls.call_server import CallServer
from apps.switching.calls.port import Call
from apps.switching.esl.client import EslClient
from apps.switching.esl.events import Event
from apps.switching.registrar.models import Registration
from tests.freeswitch_node import PASSWORD, bare_freeswitch, free_port
from tests.pbx_office import REALM, Office, office, run
from tests.telephony.many_phones import SECONDS, Phones

__all__ = ["office"]
pytestmark = pytest.mark.freeswitch
NUMBER = "+13125550111"
SIZES = [3, 30, 100, 300, 1000]
#: Members rung before the caller of a group in turn hangs up: the order is seen by then.
FIRST = 3
CALLER = f"{{loopback_bowout=false,originate_timeout=120}}loopback/{NUMBER}/default &park()"

DIALPLAN = """
<extension name="all"><condition field="destination_number" expression="^(.*)$">
  <action application="export" data="account_id={account}"/>
  <action application="export" data="call_kind=inbound"/>
  <action application="export" data="authorizing_id=the-carrier"/>
  <action application="socket" data="127.0.0.1:{outbound} async full"/>
  <action application="respond" data="503"/>
</condition></extension>
"""


@pytest.mark.parametrize("size", SIZES)
def test_every_member_gets_its_invite(office: Office, tmp_path: Path, size: int) -> None:
    names = [f"phone{number:04}" for number in range(size)]
    run(_ring(office, tmp_path, names))


async def _ring(office: Office, folder: Path, names: list[str]) -> None:
    loop = asyncio.get_running_loop()
    transport, phones = await loop.create_datagram_endpoint(Phones, local_addr=("127.0.0.1", free_port()))
    await asyncio.to_thread(_set_up, office, names, phones.port)
    handled = asyncio.Event()

    async def handler(call: Call) -> None:
        await handle_call(call)
        handled.set()

    server = CallServer(handler)
    await server.start()
    events: list[Event] = []
    try:
        async with bare_freeswitch(folder, DIALPLAN.format(outbound=server.port, account=office.id)) as port:
            client = await EslClient.connect("127.0.0.1", port, PASSWORD, on_event=events.append)
            await client.subscribe("CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_HANGUP_COMPLETE")
            job = asyncio.ensure_future(client.bgapi("originate", CALLER))
            await _rings_and_ends(phones, names, handled)
            assert (await job).ok
            echo = await client.api("echo", "still in frame")
            assert echo.text == "still in frame"
            legs = [
                one for one in events if one.name == "CHANNEL_CREATE" and "sofia/internal" in one.get("Channel-Name")
            ]
            assert len({leg.uuid for leg in legs}) == len(names)
            assert {(leg.variable("account_id"), leg.variable("call_kind")) for leg in legs} == {(office.id, "inbound")}
            assert len({leg.variable("authorizing_id") for leg in legs} - {"the-carrier"}) == len(names)
            await client.close()
    finally:
        await server.stop()
        transport.close()


async def _rings_and_ends(phones: Phones, names: list[str], handled: asyncio.Event) -> None:
    await phones.until(lambda: len(phones.invited) == len(names))
    assert phones.invited == Counter(names)
    chosen = names[-1]
    phones.answer(chosen)
    await phones.until(lambda: phones.cancelled == set(names) - {chosen})
    assert not handled.is_set(), "the conversation is still on"
    phones.hang_up(chosen)
    # The answer to the bridge names every leg; the engine reads it and hangs the caller up.
    async with asyncio.timeout(SECONDS):
        await handled.wait()


@pytest.mark.parametrize("strategy", ["single", "rollover", "round_robin", "most_idle", "weighted_random"])
def test_members_ring_in_turn(office: Office, tmp_path: Path, strategy: str) -> None:
    """One switch for all sizes: the first few ring one after the other, each a second long."""
    run(_ring_in_turn(office, tmp_path, strategy))


async def _ring_in_turn(office: Office, folder: Path, strategy: str) -> None:
    loop = asyncio.get_running_loop()
    server = CallServer(handle_call)
    await server.start()
    try:
        async with bare_freeswitch(folder, DIALPLAN.format(outbound=server.port, account=office.id)) as port:
            client = await EslClient.connect("127.0.0.1", port, PASSWORD)
            for size in SIZES:
                transport, phones = await loop.create_datagram_endpoint(Phones, local_addr=("127.0.0.1", free_port()))
                names = [f"s{size}n{number:04}" for number in range(size)]
                number = f"+1312556{size:04}"
                await asyncio.to_thread(_set_up, office, names, phones.port, number, strategy=strategy, timeout=1)
                await _first_few(client, phones, names, number, strategy)
                transport.close()
            await client.close()
    finally:
        await server.stop()


async def _first_few(client: EslClient, phones: Phones, names: list[str], number: str, strategy: str) -> None:
    job = asyncio.ensure_future(client.bgapi("originate", CALLER.replace(NUMBER, number)))
    await phones.until(lambda: len(phones.invited) >= FIRST)
    await client.api("hupall", "ORIGINATOR_CANCEL")
    await job
    await phones.until(lambda: set(phones.invited) <= phones.cancelled)
    order = list(phones.invited)
    assert set(phones.invited.values()) == {1}
    assert set(order) <= set(names)
    # The one before has been cancelled, or is about to be: nobody else rings.
    assert max(phones.ringing) <= 2, (phones.ringing, order)
    if strategy != "weighted_random":
        assert order == names[: len(order)]


def _set_up(office: Office, names: list[str], port: int, number: str = NUMBER, **options: Any) -> None:
    def write() -> None:
        devices = Device.objects.bulk_create(
            Device(account_id=office.id, name=name, document={"sip": {"username": name}}) for name in names
        )
        Registration.objects.bulk_create(
            Registration(
                realm=REALM,
                username=device.name,
                account_id=office.id,
                device_id=device.id,
                contact=f"sip:{device.name}@127.0.0.1:{port}",
                profile="internal",
                switch="fs1",
                call_id=device.id,
                expires=now() + timedelta(hours=1),
            )
            for device in devices
        )
        timeout = options.get("timeout", 60)
        endpoints = [{"id": device.id, "endpoint_type": "device", "timeout": timeout} for device in devices]
        data = {"endpoints": endpoints, "timeout": timeout, **options}
        office.callflow([number], {"module": "ring_group", "data": data})

    office.within(write)
