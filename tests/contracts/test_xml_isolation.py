"""What the switch is told about one tenant holds nothing of another, and nobody but a switch is told anything."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.interfaces.freeswitch import asgi, door
from apps.interfaces.freeswitch.store import store
from apps.pbx.devices.models import Device
from apps.switching.registrar.models import SipCredential, TrunkAddress
from apps.switching.switches.configuration import LOCAL_NODE
from kazoo.environment import SwitchAddress
from tests.company import Company
from tests.contracts.planting import Planted, ask

pytestmark = pytest.mark.django_db
RECORDINGS = Path(__file__).parents[1] / "data" / "freeswitch" / "http-xmlcurl"
SIP_AUTH = "031-directory-sip_auth-fn_sofia_reg_parse_auth.request.http"
USER_CALL = "043-directory-user_call-fn_user_outgoing_channel.request.http"
DIALPLAN = "042-dialplan-REQUEST_PARAMS-fn_dialplan_xml_locate.request.http"
RECORDED = sorted(path.name for path in RECORDINGS.glob("*.http") if "-cdr." not in path.name)


@dataclass(frozen=True)
class Phone:
    account: Account
    device_id: str
    username: str
    owner_id: str


@pytest.fixture(scope="module")
def phones(company: Company, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Phone]]:
    """A phone in each account; those of bakery and clinic have the same name, as extensions of two customers do."""
    with django_db_blocker.unblock():
        found = {}
        for name, admin, username in [
            ("bakery", "alice", "1001"),
            ("clinic", "carol", "1001"),
            ("harbour", "dave", "77"),
        ]:
            person = company.people[admin]
            place = Planted(person.account, person, person.login.pk, "")
            document = {"name": f"{name} phone", "owner_id": place.owner_id, "sip": {"username": username}}
            device_id = place.put("devices", document)
            found[name] = Phone(person.account, device_id, username, place.owner_id)
        yield found


@pytest.fixture(autouse=True)
async def _local_node(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The test run has no switch; the node `local` is let in."""
    nodes = (SwitchAddress(LOCAL_NODE, "127.0.0.1", 8021, "secret"),)
    monkeypatch.setattr(type(asgi.environment), "effective_switches", property(lambda self: nodes))
    door._resolved.cache_clear()
    yield
    await store().close()


async def post(
    body: str,
    *,
    path: str = "/freeswitch/xml",
    node: str = LOCAL_NODE,
    secret: str | None = None,
    client: str = "127.0.0.1",
) -> tuple[int, str]:
    """What the switches' door answers."""
    secret = settings.NODE_SECRET if secret is None else secret
    headers = [(b"authorization", b"Basic " + base64.b64encode(f"{node}:{secret}".encode()))]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "client": (client, 40000)}
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await asgi.application({**scope, "headers": headers if node else []}, receive, send)  # type: ignore[arg-type]
    answered = sent[1]["body"]
    assert isinstance(answered, bytes)
    return int(str(sent[0]["status"])), answered.decode()


def recorded(name: str, **changes: str) -> str:
    """A recorded question with some fields changed."""
    body = (RECORDINGS / name).read_text().partition("\n\n")[2].strip()
    for field, value in changes.items():
        body, found = re.subn(rf"(?<=[&]){re.escape(field)}=[^&]*", f"{field}={quote(value)}", body)
        body += "" if found else f"&{field}={quote(value)}"
    return body


async def ask_directory(name: str, username: str, realm: str) -> str:
    status, answer = await post(recorded(name, user=username, domain=realm, key_value=realm))
    assert status == 200
    return answer


def says_nothing_of(answer: str, *strangers: Phone) -> None:
    for phone in strangers:
        for secret in (phone.account.id, phone.device_id, phone.owner_id, phone.account.realm):
            assert secret not in answer


@pytest.mark.parametrize("question", [SIP_AUTH, USER_CALL])
async def test_a_user_is_found_in_his_own_realm_only(phones: dict[str, Phone], question: str) -> None:
    bakery, clinic, harbour = phones["bakery"], phones["clinic"], phones["harbour"]
    found = await ask_directory(question, "1001", bakery.account.realm)
    assert bakery.device_id in found
    says_nothing_of(found, clinic, harbour)
    for username, realm in [("77", bakery.account.realm), ("1001", harbour.account.realm), ("1001", "nowhere.test")]:
        assert "a1-hash" not in await ask_directory(question, username, realm)


@pytest.mark.parametrize("username", ["1001@bakery.test", "*", "%", "1001' OR '1'='1", "", "1001\0", "../1001"])
async def test_a_crafted_name_finds_nobody(phones: dict[str, Phone], username: str) -> None:
    answer = await ask_directory(SIP_AUTH, username, phones["harbour"].account.realm)
    assert "a1-hash" not in answer or "77" in username
    says_nothing_of(answer, phones["bakery"], phones["clinic"])


async def test_a_phones_call_stays_in_the_account_of_its_credential(phones: dict[str, Phone]) -> None:
    """Whatever it dials, and whatever realm its request names."""
    bakery, clinic, harbour = phones["bakery"], phones["clinic"], phones["harbour"]
    body = recorded(
        DIALPLAN,
        **{
            "Hunt-Context": "internal",
            "Hunt-Destination-Number": clinic.username,
            "variable_account_id": bakery.account.id,
            "variable_sip_req_host": clinic.account.realm,
            "variable_sip_to_host": clinic.account.realm,
            "variable_sip_h_X-account_id": clinic.account.id,
            "variable_sip_h_account_id": harbour.account.id,
        },
    )
    status, answer = await post(body)
    assert status == 200
    assert f"account_id={bakery.account.id}" in answer
    says_nothing_of(answer, clinic, harbour)


async def test_a_header_cannot_name_the_account_of_a_phone_without_a_credential(phones: dict[str, Phone]) -> None:
    body = recorded(
        DIALPLAN,
        **{"Hunt-Context": "internal", "variable_sip_h_X-account_id": phones["bakery"].account.id},
    )
    _status, answer = await post(body)
    assert "socket" not in answer
    says_nothing_of(answer, phones["bakery"])


async def test_a_customers_trunk_calls_as_that_customer(phones: dict[str, Phone]) -> None:
    """Even to a number of another customer: it never borrows that one's account."""
    from apps.pbx.numbers.models import PhoneNumber

    bakery, clinic = phones["bakery"], phones["clinic"]

    def provide() -> None:
        trunk = {"source_type": "trunk", "source_id": "7" * 32, "account_id": clinic.account.id}
        TrunkAddress.objects.create(network="198.51.100.7/32", **trunk)
        PhoneNumber.objects.create(number="+13125550199", account_id=bakery.account.id, state="in_service")

    await in_directory(provide)
    call = {
        "Hunt-Context": "public",
        "variable_sip_network_ip": "198.51.100.7",
        "Hunt-Destination-Number": "+13125550199",
    }
    _status, answer = await post(recorded(DIALPLAN, **call))
    assert f"account_id={clinic.account.id}" in answer
    says_nothing_of(answer, bakery)
    _status, answer = await post(recorded(DIALPLAN, **{**call, "variable_sip_network_ip": "203.0.113.9"}))
    assert "socket" not in answer
    says_nothing_of(answer, bakery, clinic)


@pytest.mark.parametrize("disabled", ["bakery", "north"])
async def test_a_disabled_account_is_told_from_the_next_question(
    company: Company, phones: dict[str, Phone], disabled: str
) -> None:
    account, bakery = getattr(company.tree, disabled), phones["bakery"]

    def switch(enabled: bool) -> None:
        Account.objects.filter(id=account.id).update(enabled=enabled)

    await in_directory(switch, False)
    try:
        assert "a1-hash" not in await ask_directory(SIP_AUTH, "1001", bakery.account.realm)
        call = {"Hunt-Context": "internal", "variable_account_id": bakery.account.id}
        assert "socket" not in (await post(recorded(DIALPLAN, **call)))[1]
    finally:
        await in_directory(switch, True)


@pytest.mark.parametrize("question", RECORDED)
async def test_only_a_switch_is_answered(phones: dict[str, Phone], question: str) -> None:
    """Every kind of question that was recorded, asked by somebody who is no switch, and with another node's name."""
    body = recorded(question, user="1001", domain=phones["bakery"].account.realm)
    for refusal in [
        await post(body, secret=""),
        await post(body, secret="wrong"),
        await post(body, node=""),
        await post(body, node="elsewhere"),
        await post(body, client="203.0.113.9"),
    ]:
        assert refusal[0] in {401, 403}
        assert refusal[1] == ""


async def test_the_answer_holds_no_password(phones: dict[str, Phone]) -> None:
    bakery = phones["bakery"]

    def password() -> str:
        with account_scope(bakery.account):
            return str(Device.objects.get(id=bakery.device_id).sip_password)

    plain = await in_directory(password)
    answer = await ask_directory(SIP_AUTH, "1001", bakery.account.realm)
    assert len(plain) > 7
    assert plain not in answer
    rows = await in_directory(lambda: list(SipCredential.objects.filter(device_id=bakery.device_id).values()))
    assert plain not in str(rows)


async def test_a_record_cannot_be_handed_in_by_a_stranger(phones: dict[str, Phone]) -> None:
    body = (RECORDINGS / "044-cdr.request.http").read_text().partition("\n\n")[2]
    for node, secret, client in [
        ("", "", "127.0.0.1"),
        (LOCAL_NODE, "wrong", "127.0.0.1"),
        (LOCAL_NODE, "", "203.0.113.9"),
    ]:
        status, _ = await post(body, path="/freeswitch/cdr", node=node, secret=secret, client=client)
        assert status in {401, 403}


def test_devices_are_made_over_the_api(company: Company, phones: dict[str, Phone]) -> None:
    """The phones above are what a customer's administrator makes, so the credentials are what a phone would use."""
    answer = ask(company.people["alice"], "GET", f"accounts/{phones['bakery'].account.id}/devices")
    assert [row["id"] for row in answer.json()["data"]] == [phones["bakery"].device_id]
