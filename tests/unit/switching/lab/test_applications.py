"""Dialplan applications and transfers, driven by phones."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from apps.switching.lab.core import LabSwitch
from apps.switching.lab.traffic import BadTrafficFileError, Traffic, load
from apps.switching.lab.world import Answer, Busy, LabPhone, PressKeys, Ring
from tests.unit.switching.lab.support import REALM, Client, Office, dialplan, eventually


async def variables_after(office: Office, phone: LabPhone, *actions: tuple[str, str], digits: str = "") -> dict:
    """Run actions on a call; gives the leg's CDR variables."""
    office.extensions["5000"] = [("answer", ""), *actions]
    call = await phone.call("5000").answered()
    call.send_dtmf(digits)
    await call.ended()
    await eventually(lambda: any(one["variables"]["uuid"] == call.uuid for one in office.cdrs))
    return next(one["variables"] for one in office.cdrs if one["variables"]["uuid"] == call.uuid)


async def test_variables(office: Office, phones: list[LabPhone]) -> None:
    found = await variables_after(
        office, phones[0],
        ("set", "a=${caller_id_number}-${destination_number:0:2}"), ("multiset", "^^;b=1;c=two words"),
        ("export", "d=4"), ("export", "nolocal:e=5"), ("unset", "b"), ("set", "f=${unknown}"),
    )  # fmt: skip
    assert (found["a"], found["c"], found["d"]) == ("1001-50", "two%20words", "4")
    assert found["export_vars"] == "d,nolocal%3Ae"
    assert "b" not in found
    assert "f" not in found


async def test_exported_variables_and_x_headers_reach_the_b_leg(office: Office, phones: list[LabPhone]) -> None:
    office.extensions["5000"] = [
        ("set", "sip_h_X-Account=42"), ("export", "nolocal:e=5"), ("set", "hangup_after_bridge=true"),
        ("bridge", f"{{shared=s}}[own=o]user/1002@{REALM}"),
    ]  # fmt: skip
    call = await phones[0].call("5000").answered()
    channel = phones[1].rang[0].call.channel
    assert channel is not None
    assert [channel.get(name) for name in ("e", "shared", "own")] == ["5", "s", "o"]
    assert phones[1].rang[0].headers == {"X-Account": "42"}
    call.hang_up()
    await call.ended()


async def test_read_and_terminators(office: Office, phones: list[LabPhone]) -> None:
    found = await variables_after(
        office, phones[0], ("read", "1 5 silence pin 2000 #"), ("playback", "silence_stream://5000"), digits="42#*"
    )
    assert found["pin"] == "42"
    assert found["playback_terminator_used"] == "%2A" or found["playback_terminator_used"] == "*"
    assert found["digits_dialed"] == "42%23*"


async def test_too_few_digits_are_a_failure(office: Office, phones: list[LabPhone]) -> None:
    found = await variables_after(
        office, phones[0], ("play_and_get_digits", "3 5 2 100 # silence silence got \\d+"), digits="4#"
    )
    assert "got" not in found
    assert found["read_result"] == "failure"


async def test_continue_on_fail(office: Office, phones: list[LabPhone]) -> None:
    phones[1].behaviour = Busy()
    office.extensions["5000"] = [
        ("set", "continue_on_fail=USER_BUSY,NO_ANSWER"), ("bridge", f"user/1002@{REALM}"), ("hangup", "CALL_REJECTED"),
    ]  # fmt: skip
    assert await phones[0].call("5000").ended() == "CALL_REJECTED"


async def test_an_unknown_application_ends_the_call(office: Office, phones: list[LabPhone]) -> None:
    office.extensions["5000"] = [("dance", "")]
    assert await phones[0].call("5000").ended() == "DESTINATION_OUT_OF_ORDER"


@pytest.mark.parametrize(
    ("action", "status"),
    [(("respond", "403 Forbidden"), 403), (("hangup", "USER_BUSY"), 486), (("redirect", "x"), 302)],
)
async def test_refusals(office: Office, phones: list[LabPhone], action: tuple[str, str], status: int) -> None:
    office.extensions["5000"] = [action]
    call = phones[0].call("5000")
    await call.ended()
    assert call.sip_status == status


async def test_conditions(office: Office, phones: list[LabPhone]) -> None:
    rows = """
      <extension name="inline" continue="true"><condition field="destination_number" expression="^6(\\d+)$">
        <action application="set" data="rest=$1" inline="true"/></condition></extension>
      <extension name="no"><condition field="${rest}" expression="^9$"><action application="hangup" data="USER_BUSY"/>
        <anti-action application="set" data="anti=yes"/></condition></extension>
      <extension name="never"><condition field="destination_number" expression="^6">
        <action application="hangup" data="CALL_REJECTED"/></condition></extension>"""
    plain = dialplan("default", [])
    office.dialplan = lambda _request: plain[: plain.index("<extension")] + rows + plain[plain.index("</context>") :]
    assert await phones[0].call("69").ended() == "USER_BUSY"
    assert await phones[0].call("7").ended() == "NORMAL_CLEARING"


async def test_uuid_bridge_connects_two_parked_calls(
    lab: LabSwitch, client: Client, office: Office, phones: list[LabPhone]
) -> None:
    office.extensions["5000"] = [("answer", ""), ("park", "")]
    one, two = await phones[0].call("5000").answered(), await phones[1].call("5000").answered()
    await client.command("event plain CHANNEL_BRIDGE CHANNEL_UNBRIDGE")
    assert await client.api(f"uuid_bridge {one.uuid} {two.uuid}") == f"+OK {two.uuid}\n"
    [bridge] = await client.wait_event("CHANNEL_BRIDGE")
    assert {bridge["Bridge-A-Unique-ID"], bridge["Bridge-B-Unique-ID"]} == {one.uuid, two.uuid}
    one.send_dtmf("9")
    await two.heard("9")
    one.hang_up()
    assert await two.ended() == "NORMAL_CLEARING"


async def test_transferring_the_b_leg(client: Client, office: Office, phones: list[LabPhone]) -> None:
    office.extensions["1002"] = [("bridge", f"user/1002@{REALM}"), ("park", "")]
    call = await phones[0].call("1002").answered()
    assert await client.api(f"uuid_transfer {call.uuid} -bleg 1003 XML default") == "+OK\n"
    await eventually(lambda: bool(phones[2].rang))
    assert phones[2].rang[0].caller_id_number == "1002"  # as recorded in d6: the transferred leg calls
    await phones[2].rang[0].call.ringing()
    assert not call.is_ended
    phones[1].rang[0].call.hang_up()
    await phones[2].rang[0].call.ended()
    call.hang_up()
    assert await call.ended() == "NORMAL_CLEARING"


async def test_uuid_break_ends_a_playback(client: Client, office: Office, phones: list[LabPhone]) -> None:
    office.extensions["5000"] = [("answer", ""), ("playback", "local_stream://moh"), ("hangup", "CALL_REJECTED")]
    call = await phones[0].call("5000").answered()
    assert await client.api(f"uuid_break {call.uuid}") == "+OK\n"
    assert await call.ended() == "CALL_REJECTED"


async def test_broadcast_to_a_bridged_leg(client: Client, phones: list[LabPhone]) -> None:
    call = await phones[0].call("1002").answered()
    await client.command("event plain PLAYBACK_STOP")
    assert await client.api(f"uuid_broadcast {call.uuid} silence_stream://50 both") == "+OK Message sent\n"
    stops = await client.wait_event("PLAYBACK_STOP", 2)
    assert len({one["Unique-ID"] for one in stops}) == 2
    call.hang_up()
    await call.ended()


async def test_a_scheduled_hangup(client: Client, phones: list[LabPhone]) -> None:
    call = await phones[0].call("1002").answered()
    assert await client.api(f"sched_hangup +0.05 {call.uuid} ALLOTTED_TIMEOUT") == "+OK\n"
    assert await call.ended() == "ALLOTTED_TIMEOUT"


async def test_sendmsg_without_the_lock_runs_during_an_application(
    client: Client, lab: LabSwitch, office: Office, phones: list[LabPhone]
) -> None:
    office.extensions["5000"] = [("answer", ""), ("playback", "local_stream://moh")]
    call = await phones[0].call("5000").answered()
    text = f"sendmsg {call.uuid}\ncall-command: execute\nexecute-app-name: set\nexecute-app-arg: now=yes"
    assert await client.command(text) == "+OK"
    await eventually(lambda: lab.channels[call.uuid].get("now") == "yes")
    assert await client.command(f"sendmsg {call.uuid}\ncall-command: hangup\nhangup-cause: USER_BUSY") == "+OK"
    assert await call.ended() == "USER_BUSY"


async def test_phones_press_keys(office: Office, phones: list[LabPhone]) -> None:
    phones[1].behaviour = PressKeys("12#", after=0.05, interval=0.01, hang_up_after=0.1)
    call = await phones[0].call("1002").answered()
    await call.heard("12#")
    assert await call.ended() == "NORMAL_CLEARING"


async def test_sessions_per_second_throttle_a_group(lab: LabSwitch, client: Client, phones: list[LabPhone]) -> None:
    for phone in phones:
        phone.behaviour = Ring()
    await client.api("fsctl sps 2")
    text = ",".join(f"user/{one.username}@{REALM}" for one in phones)
    job = asyncio.create_task(client.api(f"originate {{originate_timeout=0.2}}{text} &park()"))
    assert await job == "-ERR NO_ANSWER\n"
    assert sum(bool(one.rang) for one in phones) == 2


async def test_traffic(lab: LabSwitch, office: Office, tmp_path: Path) -> None:
    devices = [{"sip_username": f"100{number}", "sip_password": "1234"} for number in (1, 2)]
    file = tmp_path / "demo.json"
    file.write_text(json.dumps({"accounts": [{"id": "a", "realm": REALM, "devices": devices, "numbers": ["+1555"]}]}))
    office.extensions["+1555"] = [("bridge", f"user/1001@{REALM}")]
    traffic = Traffic(lab, load(file), interval=0.02, seed=3)
    task = asyncio.create_task(traffic.run())
    await eventually(lambda: traffic.calls_made >= 4)
    task.cancel()
    assert len(lab.registrar.by_contact) == 2
    with pytest.raises(BadTrafficFileError, match="cannot read"):
        load(tmp_path / "nothing.json")
    file.write_text("{}")
    with pytest.raises(BadTrafficFileError, match="not a traffic file"):
        load(file)


async def test_answer_after_and_hang_up_after(phones: list[LabPhone]) -> None:
    phones[1].behaviour = Answer(after=0.02, hang_up_after=0.05, early_media=True)
    assert await phones[0].call("1002").ended() == "NORMAL_CLEARING"
