"""The same client and server against a real FreeSWITCH, where one is installed: what recordings cannot answer back."""

import asyncio
import uuid

import pytest

from apps.switching.esl.client import EslClient
from apps.switching.esl.errors import AuthenticationFailed, CallHungUp
from apps.switching.esl.server import OutboundServer
from tests.freeswitch_node import PASSWORD, bare_freeswitch, free_port
from tests.unit.switching.esl.support import until

pytestmark = pytest.mark.freeswitch

DIALPLAN = """
<extension name="ours"><condition field="destination_number" expression="^ours$">
  <action application="socket" data="127.0.0.1:{outbound} async full"/>
</condition></extension>
<extension name="answer"><condition field="destination_number" expression="^answer$">
  <action application="answer"/><action application="park"/>
</condition></extension>
"""


class RealSwitch:
    def __init__(self, port: int, outbound: int) -> None:
        self.port, self.outbound = port, outbound

    async def connect(self, **options) -> EslClient:
        return await EslClient.connect("127.0.0.1", self.port, PASSWORD, **options)


@pytest.fixture
async def switch(tmp_path):
    outbound = free_port()
    async with bare_freeswitch(tmp_path, DIALPLAN.format(outbound=outbound)) as port:
        yield RealSwitch(port, outbound)


async def test_commands_jobs_and_events(switch):
    with pytest.raises(AuthenticationFailed):
        await EslClient.connect("127.0.0.1", switch.port, "wrong")
    events = []
    client = await switch.connect(on_event=events.append)
    status, nonsense, echo = await asyncio.gather(
        client.api("status"), client.api("nonsense"), client.api("echo", "Zoë 日本 %2B")
    )
    assert status.ok
    assert status.text.startswith("UP ")
    assert not nonsense.ok
    assert echo.text == "Zoë 日本 %2B"
    await client.subscribe("CHANNEL_CREATE", "CHANNEL_HANGUP_COMPLETE", custom=["kazoo::test"])
    job_uuid = str(uuid.uuid4())
    job = await client.bgapi(
        "originate", "{origination_caller_id_name='A, B'}loopback/answer/default &park()", job_uuid=job_uuid
    )
    assert (job.ok, job.job_uuid) == (True, job_uuid)
    missing = await client.bgapi("originate", "user/nobody@nowhere.test &park()")
    assert not missing.ok
    assert (await client.api("hupall", "NORMAL_CLEARING")).ok
    await until(lambda: sum(event.name == "CHANNEL_HANGUP_COMPLETE" for event in events) >= 2)
    assert events[0].name == "CHANNEL_CREATE"
    await client.close()


async def test_a_long_argument_arrives_whole_and_the_call_stays_in_frame(switch):
    """A variable of each size is set by `execute` and read back; then the far end hangs up in the middle of a tone."""
    sizes = [10, 1023, 1024, 4096, 7_349, 65_536, 1_000_000]
    read_back = []
    outcome = {}

    async def handler(session):
        await session.start(linger=5)
        await session.execute("answer")
        for size in sizes:
            await session.execute("set", f"long_value={'x' * size}")
            read_back.append(len((await session.api("uuid_getvar", f"{session.uuid} long_value")).text))
        await session.execute("unset", "long_value")
        session.execute_nowait("sched_hangup", "+1 USER_BUSY")
        try:
            await session.execute("playback", "tone_stream://%(60000,0,440)")
        except CallHungUp as gone:
            outcome["cause"] = gone.cause
        complete = await session.wait_complete(8)
        outcome["complete"] = complete and complete.name

    server = OutboundServer(handler, port=switch.outbound)
    await server.start()
    client = await switch.connect()
    assert (await client.bgapi("originate", "loopback/ours/default &park()")).ok
    await until(lambda: "complete" in outcome, 20)
    assert read_back == sizes
    assert outcome == {"cause": "USER_BUSY", "complete": "CHANNEL_HANGUP_COMPLETE"}
    await client.close()
    await server.stop()


async def test_events_of_another_leg(switch):
    outcome = {}

    async def handler(session):
        await session.start(events=["CHANNEL_ANSWER", "CHANNEL_HANGUP", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_CREATE"])
        await session.execute("answer")
        other = str(uuid.uuid4())
        await session.watch(other)
        answered = asyncio.ensure_future(
            session.wait_for(lambda event: event.name == "CHANNEL_ANSWER" and event.uuid == other, timeout=5)
        )
        job = await session.bgapi("originate", f"{{origination_uuid={other}}}loopback/answer/default &park()")
        outcome["job"] = job.ok
        outcome["answered"] = (await answered).uuid == other
        gone = asyncio.ensure_future(
            session.wait_for(lambda event: event.name == "CHANNEL_HANGUP" and event.uuid == other, timeout=5)
        )
        await session.api("uuid_kill", f"{other} CALL_REJECTED")
        outcome["cause"] = (await gone).get("Hangup-Cause")
        outcome["still_here"] = not session.ended
        await session.hangup("NORMAL_CLEARING")
        outcome["ended"] = session.ended

    server = OutboundServer(handler, port=switch.outbound)
    await server.start()
    client = await switch.connect()
    await client.bgapi("originate", "loopback/ours/default &park()")
    await until(lambda: "ended" in outcome, 20)
    assert outcome == {"job": True, "answered": True, "cause": "CALL_REJECTED", "still_here": True, "ended": True}
    await client.close()
    await server.stop()
