"""What happens with this call?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts import documents as accounts
from apps.foundation.accounts.actions import replace_account
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.interfaces.freeswitch.store import DatabaseAway, Store
from apps.pbx.blocked_callers.models import BlockedCaller
from apps.pbx.lists.actions import create_blacklist
from apps.pbx.numbers.models import PhoneNumber
from apps.switching.registrar.actions import write_trunk_addresses
from kazoo.environment import Environment
from tests.company import Company
from tests.integration.interfaces.freeswitch.conftest import Switch, enable, recorded

pytestmark = pytest.mark.django_db

FLOW = "f" * 32
CARRIER = "c" * 32
PBX = "b" * 32
#: A carrier of the bakery itself. From 203.0.113.9 it sends calls as the operator's carrier does.
OWN = "a" * 32
NUMBER = "+15551230001"
PORTED = "+15551230003"
BRANCH = "+15551230004"
ELSEWHERE = "+15551230005"


def actions(document: bytes) -> list[tuple[str, str]]:
    return [(one.attrib["application"], one.attrib["data"]) for one in ElementTree.fromstring(document).iter("action")]


def exported(document: bytes) -> dict[str, str]:
    return dict(data.split("=", 1) for name, data in actions(document) if name == "export")  # type: ignore[misc]


@pytest.fixture(autouse=True, scope="module")
def _routes(company: Company, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    tree = company.tree
    with django_db_blocker.unblock():
        PhoneNumber.objects.create(
            number=NUMBER, account_id=tree.bakery.id, state="in_service", used_by="callflow", callflow_id=FLOW
        )
        PhoneNumber.objects.create(number="+15551230002", account_id=tree.bakery.id, state="reserved")
        PhoneNumber.objects.create(number=PORTED, account_id=tree.bakery.id, state="port_in")
        PhoneNumber.objects.create(number=BRANCH, account_id=tree.branch.id, state="in_service")
        PhoneNumber.objects.create(number=ELSEWHERE, account_id=tree.clinic.id, state="in_service")
        write_trunk_addresses(source_id=CARRIER, account_id=tree.master.id, networks=["203.0.113.0/24"])
        write_trunk_addresses(source_id=PBX, account_id=tree.clinic.id, networks=["203.0.113.77"], source_type="trunk")
        write_trunk_addresses(source_id=OWN, account_id=tree.bakery.id, networks=["198.51.100.32/28", "203.0.113.9"])
        yield


@pytest.fixture(scope="module")
def blacklist(company: Company, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Numbers the bakery does not want to hear from, nor anybody who hides his."""
    bakery, principal = company.tree.bakery, company.tree.principal
    numbers: dict[str, Any] = {"+13125550666": {}, "4711": {}}

    def name_lists(*ids: str) -> None:
        account = Account.objects.get(id=bakery.id)
        replace_account(account, {**accounts.to_document(account), "blacklists": list(ids)}, principal)

    with django_db_blocker.unblock():
        with account_scope(bakery.id):
            made = create_blacklist({"name": "No", "numbers": numbers, "should_block_anonymous": True}, principal)
        name_lists(made.id)
        yield
        name_lists()
        assert not BlockedCaller.objects.filter(account_id=bakery.id).exists()


def from_carrier(to: str = "15551230001", address: str = "203.0.113.5", **changes: str) -> dict[str, str]:
    return recorded(
        "138",
        **{
            "Hunt-Context": "public",
            "Caller-Context": "public",
            "Hunt-Destination-Number": to,
            "variable_sip_network_ip": address,
            **changes,
        },
    )


def from_phone(account_id: str, **changes: str) -> dict[str, str]:
    return recorded(
        "042",
        **{
            "Hunt-Context": "internal",
            "variable_account_id": account_id,
            "variable_authorizing_id": "d" * 32,
            **changes,
        },
    )


@pytest.mark.parametrize("dialed", ["15551230001", "+15551230001", "5551230001"])
async def test_a_did_reaches_its_account(switch: Switch, bakery: Account, known_node: Environment, dialed: str) -> None:
    document = (await switch.ask(from_carrier(dialed))).content

    variables = exported(document)
    assert variables["account_id"] == bakery.id
    assert variables["callflow_id"] == FLOW
    assert variables["call_kind"] == "inbound"
    assert variables["dialed_number"] == NUMBER
    assert variables["authorizing_id"] == CARRIER
    assert re.fullmatch(r"\d{11}-[0-9a-f]{8}", variables["interaction_id"])
    handed_over = [action for action in actions(document) if action[0] not in ("export", "sleep")]
    both = [f"127.0.0.1:{port}" for port in known_node.ports.call_servers[:2]]
    servers = handed_over[3][1].removesuffix(" async full")
    assert servers in ("|".join(both), "|".join(reversed(both)))
    socket = ("socket", f"{servers} async full")
    assert handed_over[:4] == [
        ("set", "force_transfer_context=internal"),
        ("unset", "flow_state"),
        ("event", "Event-Name=CUSTOM,Event-Subclass=kazoo::routed"),
        socket,
    ]
    assert set(handed_over[4:-1]) == {socket}, "a lost call server is asked again"
    assert handed_over[-1] == ("respond", "503 Service Unavailable")


async def test_a_call_costs_one_query(switch: Switch, bakery: Account) -> None:
    for question in (from_carrier(), from_phone(bakery.id)):
        before = switch.queries
        await switch.ask(question)
        assert switch.queries - before == 1


@pytest.mark.parametrize("dialed", ["15559999999", "15551230002", "nonsense", "", "'; DROP TABLE x; --"])
async def test_an_unknown_number_does_not_exist(switch: Switch, dialed: str) -> None:
    assert actions((await switch.ask(from_carrier(dialed))).content) == [("respond", "404 Not Found")]


@pytest.mark.parametrize("address", ["198.51.100.1", "", "not an address", "203.0.113.5'"])
async def test_a_stranger_may_not_call(switch: Switch, address: str) -> None:
    got = actions((await switch.ask(from_carrier(address=address))).content)
    assert got in ([("respond", "403 Forbidden")], [("respond", "503 Service Unavailable")])
    assert got == [("respond", "403 Forbidden")]


@pytest.mark.parametrize("dialed", [NUMBER, BRANCH])
async def test_a_carrier_of_an_account_reaches_it_and_those_below(switch: Switch, dialed: str) -> None:
    variables = exported((await switch.ask(from_carrier(dialed, "198.51.100.40"))).content)
    assert variables["dialed_number"] == dialed
    assert variables["authorizing_id"] == OWN


@pytest.mark.parametrize("dialed", [ELSEWHERE, "+15559999999"])
async def test_a_carrier_of_an_account_reaches_nobody_else(switch: Switch, dialed: str) -> None:
    got = actions((await switch.ask(from_carrier(dialed, "198.51.100.40"))).content)
    assert got == [("respond", "404 Not Found")]


async def test_a_carrier_two_accounts_use_takes_calls_from_neither(switch: Switch) -> None:
    """The narrower row of the bakery does not keep the operator's carrier from other numbers."""
    for dialed, carrier in ((ELSEWHERE, CARRIER), (NUMBER, OWN)):
        variables = exported((await switch.ask(from_carrier(dialed, "203.0.113.9"))).content)
        assert (variables["dialed_number"], variables["authorizing_id"]) == (dialed, carrier)


async def test_a_number_that_is_being_ported_in_takes_calls(switch: Switch, bakery: Account) -> None:
    variables = exported((await switch.ask(from_carrier(PORTED))).content)
    assert variables["account_id"] == bakery.id


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        ({"Hunt-Caller-ID-Number": "+13125550666"}, "603 Decline"),
        ({"Hunt-Caller-ID-Number": "13125550666"}, "603 Decline"),
        ({"Hunt-Caller-ID-Number": "3125550666"}, "603 Decline"),
        ({"Hunt-Caller-ID-Number": "4711"}, "603 Decline"),
        ({"Hunt-Caller-ID-Number": "anonymous", "Hunt-Caller-ID-Name": "Anonymous"}, "433 Anonymity Disallowed"),
        ({"Hunt-Caller-ID-Number": "0000000000"}, "433 Anonymity Disallowed"),
        ({"Hunt-Caller-ID-Number": "12345", "Hunt-Caller-ID-Name": "Restricted"}, "433 Anonymity Disallowed"),
        ({"Hunt-Caller-ID-Number": "12345", "Hunt-Privacy-Hide-Number": "true"}, "433 Anonymity Disallowed"),
        ({"Hunt-Caller-ID-Number": "12345", "Hunt-Caller-ID-Name": ""}, None),
        ({"Hunt-Caller-ID-Number": "12345", "Hunt-Caller-ID-Name": "restricte"}, None),
        ({"Hunt-Caller-ID-Number": "' OR 1=1 --"}, None),
    ],
)
async def test_a_blacklist_turns_callers_away(
    switch: Switch, blacklist: None, caller: dict[str, str], status: str | None
) -> None:
    before = switch.queries
    got = actions((await switch.ask(from_carrier(**caller))).content)
    assert (got[0] == ("respond", status)) == (status is not None), got
    assert switch.queries - before == 1


async def test_a_blacklist_is_its_accounts_only(switch: Switch, company: Company, blacklist: None) -> None:
    question = from_carrier("2600", "203.0.113.77", **{"Hunt-Caller-ID-Number": "+13125550666"})
    assert exported((await switch.ask(question)).content)["account_id"] == company.tree.clinic.id


async def test_a_customers_pbx_calls_as_its_account(switch: Switch, company: Company) -> None:
    document = (await switch.ask(from_carrier("2600", "203.0.113.77"))).content
    variables = exported(document)
    assert variables["account_id"] == company.tree.clinic.id
    assert variables["call_kind"] == "internal"
    assert variables["authorizing_type"] == "trunk"


async def test_a_phone_calls_as_its_account(switch: Switch, bakery: Account) -> None:
    variables = exported((await switch.ask(from_phone(bakery.id))).content)
    assert variables["account_id"] == bakery.id
    assert variables["call_kind"] == "internal"
    assert variables["authorizing_id"] == "d" * 32


async def test_a_transferred_call_keeps_its_interaction(switch: Switch, bakery: Account) -> None:
    kept = "63900000000-0badcafe"
    variables = exported((await switch.ask(from_phone(bakery.id, variable_interaction_id=kept))).content)
    assert variables["interaction_id"] == kept


async def test_a_phone_of_no_account_may_not_call(switch: Switch) -> None:
    assert actions((await switch.ask(recorded("042", **{"Hunt-Context": "internal"}))).content) == [
        ("respond", "403 Forbidden")
    ]
    assert actions((await switch.ask(from_phone("0" * 32))).content) == [("respond", "603 Decline")]


async def test_a_disabled_account_takes_and_makes_no_calls(switch: Switch, bakery: Account) -> None:
    await enable(bakery.id, False)
    try:
        for question in (from_carrier(), from_phone(bakery.id)):
            assert actions((await switch.ask(question)).content) == [("respond", "603 Decline")]
    finally:
        await enable(bakery.id, True)


async def test_a_variable_cannot_smuggle_an_application(switch: Switch, bakery: Account) -> None:
    nasty = '"/><action application="system" data="x"/>${system x}'
    document = (await switch.ask(from_phone(bakery.id, variable_owner_id=nasty))).content
    assert "owner_id" not in exported(document)
    assert {name for name, _ in actions(document)} == {"export", "set", "unset", "event", "socket", "sleep", "respond"}


async def test_without_the_database_a_call_is_told_to_try_later(
    switch: Switch, bakery: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise DatabaseAway("gone")

    monkeypatch.setattr(Store, "rows", away)
    for question in (from_carrier(), from_phone(bakery.id)):
        answer = await switch.ask(question)
        assert answer.status_code == 200
        assert actions(answer.content) == [("respond", "503 Service Unavailable")]


async def test_a_number_dialled_anew_stays_in_its_account(switch: Switch, bakery: Account) -> None:
    question = recorded("042", **{"Hunt-Context": "Bakery.test", "Hunt-Destination-Number": "2600"})
    assert exported((await switch.ask(question)).content)["account_id"] == bakery.id
    assert actions((await switch.ask(question | {"Hunt-Context": "nobody.test"})).content) == [
        ("respond", "403 Forbidden")
    ]
