"""The demo: made once in an empty database, told in demo.json, and what is told there works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.interfaces.demo.actions import is_empty, seed_demo
from apps.interfaces.demo.file import publish_demo_file, write_demo_file
from apps.pbx.callflows.models import CallflowNumber
from apps.pbx.numbers.models import PhoneNumber
from apps.pbx.users.models import User
from apps.switching.registrar.models import SipCredential
from kazoo.environment import environment

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> dict[str, Any]:
    return seed_demo()


def named(demo: dict[str, Any], name: str) -> dict[str, Any]:
    return next(account for account in demo["accounts"] if account["name"] == name)


def test_the_tree(demo: dict[str, Any]) -> None:
    names = {account["id"]: account["name"] for account in demo["accounts"]}
    tree = {account["name"]: (names.get(account["parent"]), account["role"]) for account in demo["accounts"]}
    assert tree == {
        "Kazoo": (None, "operator"),
        "Northwind": ("Kazoo", "reseller"),
        "Bakery": ("Northwind", "customer"),
        "Clinic": ("Northwind", "customer"),
        "Southbeach": ("Kazoo", "reseller"),
        "Harbour": ("Southbeach", "customer"),
    }
    assert not is_empty()
    schemas = {account.name: account.tenant_id for account in Account.objects.all()}
    assert len({schemas["Kazoo"], schemas["Northwind"], schemas["Southbeach"]}) == 3
    assert schemas["Bakery"] == schemas["Clinic"] == schemas["Northwind"]


def test_everybody_can_sign_in_and_the_first_is_the_administrator(demo: dict[str, Any]) -> None:
    for account in demo["accounts"]:
        assert [user["priv_level"] for user in account["users"]] == ["admin"] + ["user"] * (len(account["users"]) - 1)
        with account_scope(account["id"]):
            for told in account["users"]:
                user = User.objects.get(id=told["id"], username=told["username"])
                assert user.check_plain(told["password"])
                assert not user.check_plain(told["password"].lower() + "x")


@pytest.mark.parametrize("name", ["Bakery", "Clinic", "Harbour"])
def test_a_customer_s_numbers_and_extensions_lead_somewhere(demo: dict[str, Any], name: str) -> None:
    account = named(demo, name)
    assert 3 <= len(account["users"]) == len(account["devices"]) <= 4
    told = {number: flow["id"] for flow in account["callflows"] for number in flow["numbers"]}
    assert {"1001", "1002", "1003", "2000"} < told.keys()
    with account_scope(account["id"]):
        assert dict(CallflowNumber.objects.values_list("number", "callflow_id")) == told
    for number in account["numbers"]:
        row = PhoneNumber.objects.get(number=number)
        assert (row.account_id, row.state, row.callflow_id) == (account["id"], "in_service", told[number])
    for device in account["devices"]:
        credential = SipCredential.objects.get(realm=account["realm"], username=device["sip_username"])
        assert credential.device_id == device["id"]
        assert credential.enabled


def test_two_demos_share_no_password() -> None:
    demo = seed_demo()
    secrets = [user["password"] for account in demo["accounts"] for user in account["users"]]
    secrets += [device["sip_password"] for account in demo["accounts"] for device in account["devices"]]
    secrets += [account["api_key"] for account in demo["accounts"]]
    assert len(set(secrets)) == len(secrets) > 20


def test_the_file_is_its_owner_s_alone(demo: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    draft = write_demo_file(path, demo)
    assert not path.exists()
    publish_demo_file(draft, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == demo


def test_prepare_makes_the_demo_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(type(environment), "demo_file", property(lambda _: tmp_path / "demo.json"))
    call_command("prepare")
    assert is_empty()  # KAZOO_DEMO=0
    _switch_on_demo(monkeypatch)
    call_command("prepare")
    first = (tmp_path / "demo.json").read_text()
    call_command("prepare")
    assert (tmp_path / "demo.json").read_text() == first
    assert Account.objects.count() == 6


def _switch_on_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from kazoo.management.commands import prepare

    monkeypatch.setattr(prepare, "environment", replace(environment, demo=True))
