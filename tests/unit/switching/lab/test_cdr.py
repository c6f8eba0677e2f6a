"""mod_json_cdr's records: shape as recorded, retried, spooled."""

from __future__ import annotations

import json
from pathlib import Path

from apps.switching.lab.core import LabSettings, LabSwitch
from apps.switching.lab.world import LabPhone
from tests.unit.switching.lab.support import DATA, REALM, Office

SOUND = (
    "rtp_",
    "media",
    "codec",
    "sdp",
    "read_rate",
    "write_rate",
    "sip_reply",
    "sip_allow",
    "sip_recover",
    "sip_cseq",
)


def recorded_record(number: str) -> dict:
    body = next((DATA / "http-xmlcurl").glob(f"{number}*.request.http")).read_bytes().replace(b"\r\n", b"\n")
    return json.loads(body.split(b"\n\n", 1)[1])


async def bridged(lab: LabSwitch, phones: list[LabPhone]) -> None:
    call = await phones[0].call("1002").answered()
    call.hang_up()
    await call.ended()
    await lab.cdr.drain()


async def test_one_record_per_leg_as_recorded(lab: LabSwitch, office: Office, phones: list[LabPhone]) -> None:
    await bridged(lab, phones)
    mine = {one["channel_data"]["direction"]: one for one in office.cdrs}
    assert len(office.cdrs) == 2
    for number, direction in (("044", "outbound"), ("045", "inbound")):
        real, ours = recorded_record(number), mine[direction]
        assert list(ours) == list(real)
        assert set(ours["callflow"][0]) == set(real["callflow"][0])
        assert set(ours["callflow"][0]["times"]) == set(real["callflow"][0]["times"])
        assert set(ours["callflow"][0]["caller_profile"]) == set(real["callflow"][0]["caller_profile"])
        times = [name for name in real["variables"] if name.endswith(("sec", "epoch", "stamp")) or name == "duration"]
        assert set(times) <= set(ours["variables"])
        assert ours["variables"]["hangup_cause"] == real["variables"]["hangup_cause"]
        assert ours["variables"]["caller_id"] == real["variables"]["caller_id"].replace("User%201001", (
            "User%201001" if direction == "inbound" else "Name%201001"))  # fmt: skip
        assert ours["variables"]["sip_hangup_disposition"] == real["variables"]["sip_hangup_disposition"]
    assert "%20" in mine["inbound"]["variables"]["start_stamp"]
    head = next(one for one in office.heads if one.startswith("POST /cdr"))
    assert f"uuid={mine['outbound']['variables']['uuid']}" in head or "uuid=" in head
    assert [one["app_name"] for one in mine["inbound"]["app_log"]["applications"]] == ["set", "set", "export", "bridge"]


async def test_a_refused_record_is_retried_then_spooled(office: Office, tmp_path: Path) -> None:
    settings = LabSettings(
        xml_curl_url=f"{office.url}/fs", cdr_url=f"{office.url}/cdr", cdr_spool=tmp_path, cdr_retries=2, cdr_delay=0.01,
        ask_configuration=False,
    )  # fmt: skip
    office.cdr_status = 500
    async with LabSwitch(settings) as lab:
        phones = [LabPhone(f"100{number}", REALM, "1234") for number in (1, 2)]
        for phone in phones:
            await lab.register(phone)
        await bridged(lab, phones)
        assert sum(head.startswith("POST /cdr") for head in office.heads) == 6
        files = sorted(tmp_path.glob("*.cdr.json"))
        assert len(files) == lab.cdr.spooled == 2
        record = json.loads(files[0].read_text())
        assert files[0].name == f"{record['variables']['uuid']}.cdr.json"
