"""REGISTER: real digests, the requests mod_xml_curl makes, and the events recorded in transcript c1."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

from apps.switching.lab.core import LabSwitch
from apps.switching.lab.world import LabPhone
from tests.unit.switching.lab.support import DATA, REALM, Client, Event, Office, recorded

CONTEXTUAL = {"callgroup"}


def customs(events: list[Event], *names: str) -> list[Event]:
    return [one for one in events if one.get("Event-Subclass") in names]


def request_fields(file: str) -> list[str]:
    body = next((DATA / "http-xmlcurl").glob(f"{file}*.request.http")).read_bytes().replace(b"\r\n", b"\n")
    return [name for name, _ in parse_qsl(body.split(b"\n\n", 1)[1].decode(), keep_blank_values=True)]


async def test_register_and_unregister_as_recorded(lab: LabSwitch, client: Client) -> None:
    names = ["pre_register", "register_attempt", "register", "unregister", "register_failure"]
    await client.command("event plain CUSTOM " + " ".join(f"sofia::{name}" for name in names))
    phone = LabPhone("1001", REALM, "1234")
    assert await lab.register(phone, expires=120) == 200
    assert await lab.unregister(phone) == 200
    assert await lab.register(LabPhone("1003", REALM, "wrong"), expires=120) == 403
    assert await lab.register(LabPhone("1999", REALM, "1234"), expires=120) == 403
    assert await lab.register(LabPhone("1001", "unknown.test", "1234"), expires=120) == 403
    await client.wait_for(lambda events: len(customs(events, "sofia::register_failure")) == 3)
    real = recorded("c1-register-plain")
    for name in names:
        mine, theirs = customs(client.events, f"sofia::{name}")[0], customs(real, f"sofia::{name}")[0]
        assert list(mine) == list(theirs), name
        assert mine["Event-Calling-Function"] == theirs["Event-Calling-Function"]
    attempts = [one["auth-result"] for one in customs(client.events, "sofia::register_attempt")]
    assert attempts == ["RENEWED", "RENEWED", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN"]


async def test_the_requests_have_the_recorded_fields(lab: LabSwitch, office: Office) -> None:
    phone = lab.attach(LabPhone("1001", REALM, "1234"))
    await lab.register(phone)
    [auth] = office.asked(action="sip_auth")
    assert list(auth) == request_fields("031")
    [count] = office.asked(action="message-count")
    assert list(count) == request_fields("032")
    assert (auth["sip_auth_method"], auth["user"], auth["domain"]) == ("REGISTER", "1001", REALM)
    assert count["Event-Name"] == "GENERAL"


async def test_a_call_asks_what_was_recorded(lab: LabSwitch, office: Office, phones: list[LabPhone]) -> None:
    office.requests.clear()
    call = await phones[0].call("1002").answered()
    call.hang_up()
    await call.ended()
    kinds = [one.get("action") or one["section"] for one in office.requests]
    assert kinds == ["sip_auth", "dialplan", "user_call"]
    assert list(office.requests[0]) == request_fields("041")
    mine, theirs = list(office.requests[1]), request_fields("042")
    extra = {"variable_tenant_id", "variable_callgroup"}
    assert set(mine) - extra == set(theirs)
    assert [name for name in mine if name.startswith("Hunt-")] == [name for name in theirs if name.startswith("Hunt-")]
    assert list(office.requests[2]) == request_fields("043")
    assert office.requests[1]["variable_accountcode"] == "1001"


async def test_a_cacheable_user_is_asked_for_once_until_flushed(lab: LabSwitch, office: Office, client: Client) -> None:
    office.user_attributes = 'cacheable="60000"'
    phone = LabPhone("1001", REALM, "1234")
    for _ in range(3):
        await lab.register(phone)
    assert len(office.asked(section="directory", user="1001")) == 1
    assert (await client.api(f"xml_flush_cache id 1001 {REALM}")).startswith("+OK cleared 1")
    office.passwords["1001"] = "changed"
    assert await lab.register(phone) == 403


async def test_what_is_known_of_registrations(lab: LabSwitch, client: Client, phones: list[LabPhone]) -> None:
    assert await client.api(f"sofia_contact */1002@{REALM}") == f"sofia/internal/{phones[1].contact}"
    assert "Total items returned: 4" in await client.api("sofia status profile internal reg")
    assert '"row_count":4' in await client.api("show registrations as json")
    await client.command("event plain CUSTOM sofia::expire")
    await client.api(f"sofia profile internal flush_inbound_reg 1002@{REALM}")
    await client.wait_event("CUSTOM")
    assert await client.api(f"sofia_contact */1002@{REALM}") == "error/user_not_registered"
    lab.registrar.of("1003", REALM)[0].expires_at = 0
    lab.registrar.sweep()
    [_, expired] = await client.wait_event("CUSTOM", 2)
    assert (expired["user"], expired["host"]) == ("1003", REALM)


async def test_the_configuration_is_asked_for_at_start_with_the_node_secret(office: Office) -> None:
    from apps.switching.lab.core import LabSettings

    office.configuration["sofia.conf"] = (
        '<document type="freeswitch/xml"><section name="configuration"><configuration name="sofia.conf"><profiles>'
        '<profile name="internal"><settings><param name="context" value="phones"/>'
        '<param name="send-message-query-on-register" value="false"/></settings></profile>'
        '<profile name="external"><gateways><gateway name="gw1"><param name="proxy" value="127.0.0.1:5090"/></gateway>'
        "</gateways></profile></profiles></configuration></section></document>"
    )
    settings = LabSettings(xml_curl_url=f"{office.url}/fs", node_secret="s3cret")
    async with LabSwitch(settings) as switch:
        assert switch.gateways == {"gw1": "127.0.0.1:5090"}
        client = await Client.open(switch.esl_port)
        assert await client.api("originate sofia/gateway/other/123 &park()") == "-ERR INVALID_GATEWAY\n"
        client.close()
        assert (switch.contexts["internal"], switch.settings.message_count) == ("phones", False)
    asked = [one["key_value"] for one in office.asked(section="configuration")]
    assert {"sofia.conf", "json_cdr.conf", "event_socket.conf", "acl.conf"} <= set(asked)
    assert all("X-Node-Secret: s3cret" in head and "Authorization: Basic" in head for head in office.heads)


async def test_without_an_office_nobody_registers() -> None:
    from apps.switching.lab.core import LabSettings

    async with asyncio.timeout(5), LabSwitch(LabSettings(xml_curl_url="http://127.0.0.1:9/fs")) as switch:
        assert await switch.register(LabPhone("1001", REALM, "1234")) == 403
