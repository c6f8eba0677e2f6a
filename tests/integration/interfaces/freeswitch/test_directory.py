"""Who is this user? Answered from one query, to a switch only."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree

import pytest

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.models import Account
from apps.interfaces.freeswitch import store as store_module
from apps.interfaces.freeswitch.store import DatabaseAway, Store
from apps.switching.registrar.actions import remove_credential, write_credential, write_gateway
from kazoo.environment import Environment
from tests.integration.interfaces.freeswitch.conftest import A1, NODE, Switch, a_switch, enable, recorded

pytestmark = pytest.mark.django_db


def values(document: bytes, tag: str) -> dict[str, str]:
    return {one.attrib["name"]: one.attrib["value"] for one in ElementTree.fromstring(document).iter(tag)}


def is_not_found(document: bytes) -> bool:
    return ElementTree.fromstring(document).find("./section/result[@status='not found']") is not None


async def test_a_register_is_answered_with_the_hash_and_the_variables(switch: Switch, bakery: Account) -> None:
    answer = await switch.ask(recorded("031"))

    assert answer.status_code == 200
    document = ElementTree.fromstring(answer.content)
    user = document.find("./section[@name='directory']/domain[@name='acme.test']/groups/group/users/user[@id='1001']")
    assert user is not None
    assert user.attrib["cacheable"] == "60000"
    assert values(answer.content, "param")["a1-hash"] == A1
    assert "password" not in values(answer.content, "param")
    variables = values(answer.content, "variable")
    assert variables["account_id"] == bakery.id
    assert variables["authorizing_id"] == "d" * 32
    assert variables["effective_caller_id_name"] == "Bob \"&<O'Brien>"
    assert variables["user_context"] == "internal"


async def test_a_register_costs_one_query(switch: Switch) -> None:
    await switch.ask(recorded("031"))
    before = switch.queries
    await switch.ask(recorded("031"))
    assert switch.queries - before == 1


@pytest.mark.parametrize("number", ["032", "049", "108", "029", "137"])
async def test_what_we_do_not_keep_is_declined_without_a_query(switch: Switch, number: str) -> None:
    before = switch.queries
    answer = await switch.ask(recorded(number))
    assert is_not_found(answer.content)
    assert switch.queries == before


@pytest.mark.parametrize(
    "changes",
    [{"user": "1999"}, {"domain": "unknown.test"}, {"user": "1001' OR '1'='1"}, {"user": "10\0001"}, {"user": "%"}],
)
async def test_an_unknown_user_is_not_found(switch: Switch, changes: dict[str, str]) -> None:
    answer = await switch.ask(recorded("031", **changes))
    assert answer.status_code == 200
    assert is_not_found(answer.content)


async def test_the_realm_is_compared_without_case(switch: Switch) -> None:
    assert not is_not_found((await switch.ask(recorded("031", domain="ACME.test"))).content)


async def test_a_name_with_markup_stays_a_name(switch: Switch, bakery: Account) -> None:
    nasty = '1"/></user><user id="1002'
    await in_directory(
        write_credential, device_id="e" * 32, account_id=bakery.id, realm="acme.test", username=nasty, a1_hash=A1
    )
    try:
        answer = await switch.ask(recorded("031", user=nasty))
        users = list(ElementTree.fromstring(answer.content).iter("user"))
        assert [user.attrib["id"] for user in users] == [nasty]
    finally:
        await in_directory(remove_credential, "e" * 32)


@pytest.mark.parametrize("whose", ["bakery", "north"])
async def test_a_disabled_account_or_ancestor_cannot_register(
    switch: Switch, bakery: Account, company: object, whose: str
) -> None:
    account_id = getattr(company.tree, whose).id  # type: ignore[attr-defined]
    await enable(account_id, False)
    try:
        assert is_not_found((await switch.ask(recorded("031"))).content)
    finally:
        await enable(account_id, True)


async def test_gateways_are_told_to_the_external_profile_only(switch: Switch, bakery: Account) -> None:
    await in_directory(
        write_gateway,
        name="carrier1",
        source_id="c" * 32,
        account_id=bakery.id,
        proxy="sip.carrier.test",
        username="u",
        password='p"',
    )
    asked = recorded("024")
    assert is_not_found((await switch.ask(asked | {"profile": "internal"})).content)
    answer = await switch.ask(asked | {"profile": "external"})
    assert values(answer.content, "param")["password"] == 'p"'
    assert ElementTree.fromstring(answer.content).find(".//gateway[@name='carrier1']") is not None


async def test_a_wrong_secret_is_turned_away(company: object, known_node: Environment) -> None:
    for auth in [(NODE, "wrong"), ("stranger", known_node.node_secret), None, (NODE, "")]:
        async with a_switch(auth=auth) as client:
            assert (await Switch(client).ask(recorded("031"))).status_code == 401


async def test_a_foreign_address_is_turned_away(company: object, known_node: Environment) -> None:
    async with a_switch("198.51.100.7", auth=(NODE, known_node.node_secret)) as client:
        assert (await Switch(client).ask(recorded("031"))).status_code == 403
    async with a_switch("192.0.2.9", auth=(NODE, "wrong")) as client:
        assert (await Switch(client).ask(recorded("031"))).status_code == 401


async def test_a_huge_question_is_refused(switch: Switch) -> None:
    assert (await switch.ask({"section": "directory", "x": "a" * 2_000_000})).status_code == 413
    assert is_not_found((await switch.ask({f"k{i}": "v" for i in range(6000)})).content)


async def test_an_answer_outlives_the_database(switch: Switch, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await switch.ask(recorded("031"))

    async def away(*_: object) -> None:
        raise DatabaseAway("gone")

    monkeypatch.setattr(Store, "rows", away)
    assert (await switch.ask(recorded("031"))).content == first.content
    assert (await switch.ask(recorded("031", user="1777"))).status_code == 503


async def test_a_database_that_is_away_fails_promptly(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = store_module.connection.settings_dict | {"PORT": 1}
    monkeypatch.setattr(store_module, "connection", type("Connection", (), {"settings_dict": settings}))
    one = Store()
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(DatabaseAway):
        await one.row("SELECT 1", {})
    assert loop.time() - started < 3
    started = loop.time()
    with pytest.raises(DatabaseAway):
        await one.row("SELECT 1", {})
    assert loop.time() - started < 0.05
    await one.close()
