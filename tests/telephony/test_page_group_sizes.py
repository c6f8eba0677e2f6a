"""Announcements to hundreds of phones on the real switch: every phone is told to answer by itself, all of them answer,
what is said arrives at them, and it is over for all when whoever speaks hangs up."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from apps.foundation.kit.clock import now
from apps.pbx.callflows.engine import handle_call
from apps.pbx.callflows.paging import MOST_PHONES
from apps.pbx.devices.models import Device
from apps.pbx.groups.models import Group
from apps.switching.calls.call_server import CallServer
from apps.switching.calls.models import LiveChannel
from apps.switching.esl.client import EslClient
from apps.switching.registrar.models import Registration
from tests.freeswitch_node import PASSWORD, bare_freeswitch, free_port
from tests.pbx_office import REALM, Office, office, run
from tests.telephony.many_phones import SECONDS, Phones
from tests.telephony.rtp import Audio
from tests.telephony.stack import until

__all__ = ["office"]
pytestmark = pytest.mark.freeswitch
NUMBER = "5500"
SIZES = [3, 300]
#: Phones whose audio is listened to, spread over the group; what is said to them, in hertz.
LISTENED, SAID = 5, 700
SPEAKER = "0b6f4dd6-0000-4000-8000-000000000001"
CALL = (
    f"{{loopback_bowout=false,origination_uuid={SPEAKER},origination_caller_id_name=Anna,"
    f"origination_caller_id_number=1001}}loopback/{NUMBER}/default &park()"
)
SPEECH = f"{SPEAKER} tone_stream://%(1000,0,{SAID});loops=-1 aleg"
DIALPLAN = """
<extension name="all"><condition field="destination_number" expression="^(.*)$">
  <action application="export" data="account_id={account}"/>
  <action application="export" data="call_kind=internal"/>
  <action application="socket" data="127.0.0.1:{outbound} async full"/>
</condition></extension>
"""


@pytest.mark.parametrize("size", SIZES)
def test_an_announcement_to_all(office: Office, tmp_path: Path, size: int) -> None:
    run(_announce(office, tmp_path, [f"phone{number:04}" for number in range(size)]))


def test_no_more_phones_than_a_node_can_carry(office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """None of them answers: what matters is who is called."""
    run(_too_many(office, tmp_path, [f"phone{number:04}" for number in range(MOST_PHONES + 20)]))
    assert f"{MOST_PHONES + 20} phones are to be spoken to, the first {MOST_PHONES} of them are" in caplog.text


async def _announce(office: Office, folder: Path, names: list[str]) -> None:
    loop = asyncio.get_running_loop()
    transport, phones = await loop.create_datagram_endpoint(Phones, local_addr=("127.0.0.1", free_port()))
    sink, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", free_port()))
    elsewhere = sink.get_extra_info("sockname")[1]
    busy, free = names[1], [name for name in names if name != names[1]]
    listened = {name: await Audio().open("127.0.0.1") for name in free[:: max(1, len(free) // LISTENED)]}
    await asyncio.to_thread(_set_up, office, names, phones.port, busy)
    phones.answering = {name: listened[name].port if name in listened else elsewhere for name in names}
    server = CallServer(handle_call)
    await server.start()
    try:
        async with bare_freeswitch(folder, DIALPLAN.format(outbound=server.port, account=office.id)) as port:
            client = await EslClient.connect("127.0.0.1", port, PASSWORD)
            job = asyncio.ensure_future(client.bgapi("originate", CALL))
            await phones.until(lambda: set(phones.invited) == set(free))
            assert phones.invited == Counter(free), "each once, and not the one that has a call"
            for invite, _where in phones.invites.values():
                assert "answer-after=0" in invite.header("call-info").lower(), invite.headers
                assert "1001" in invite.header("from")
            assert (await job).ok
            assert (await client.api("uuid_broadcast", SPEECH)).ok
            await until(lambda: _members(client, len(free) + 1), "all phones are in it", SECONDS)
            places = {name: audio.mark_place() for name, audio in listened.items()}
            for name, audio in listened.items():
                await until(partial(_hears, audio, places[name]), f"{name} hears what is said", 30)
            assert not phones.over
            await client.api("uuid_kill", SPEAKER)
            await phones.until(lambda: phones.over == set(free))
            await until(lambda: _no_channel(client), "no channel is left", SECONDS)
            await client.close()
    finally:
        await server.stop()
        for audio in listened.values():
            audio.close()
        sink.close()
        transport.close()


def _hears(audio: Audio, since: int) -> bool:
    return audio.seconds_of(SAID, since) >= 1


async def _members(client: EslClient, count: int) -> bool:
    answer = await client.api("conference", "list count")
    return f"({count} member" in answer.text


async def _no_channel(client: EslClient) -> bool:
    # Without a core database, `show channels` knows nothing.
    return re.search(r"^0 session\(s\) - peak", (await client.api("status")).text, re.MULTILINE) is not None


async def _too_many(office: Office, folder: Path, names: list[str]) -> None:
    loop = asyncio.get_running_loop()
    transport, phones = await loop.create_datagram_endpoint(Phones, local_addr=("127.0.0.1", free_port()))
    await asyncio.to_thread(_set_up, office, names, phones.port)
    server = CallServer(handle_call)
    await server.start()
    try:
        async with bare_freeswitch(folder, DIALPLAN.format(outbound=server.port, account=office.id)) as port:
            client = await EslClient.connect("127.0.0.1", port, PASSWORD)
            job = asyncio.ensure_future(client.bgapi("originate", CALL))
            await phones.until(lambda: len(phones.invited) == MOST_PHONES)
            # Nobody answers in time, so that it ends by itself; whoever was not called by then never is.
            assert (await job).ok
            await until(lambda: _no_channel(client), "no channel is left", SECONDS)
            assert len(phones.invited) == MOST_PHONES
            await client.close()
    finally:
        await server.stop()
        transport.close()


def _set_up(office: Office, names: list[str], port: int, busy: str = "") -> None:
    def write() -> None:
        LiveChannel.objects.all().delete()
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
        for device in devices:
            if device.name == busy:
                LiveChannel.objects.create(
                    uuid="leg", account_id=office.id, switch="fs1", direction="inbound", authorizing_id=device.id,
                    created=now(),
                )  # fmt: skip
        members = {device.id: {"type": "device"} for device in devices}
        group = Group.objects.create(account_id=office.id, name="all", document={"endpoints": members})
        data = {"audio": "one-way", "endpoints": [{"id": group.id, "endpoint_type": "group"}], "timeout": 20}
        office.callflow([NUMBER], {"module": "page_group", "data": data})

    office.within(write)
