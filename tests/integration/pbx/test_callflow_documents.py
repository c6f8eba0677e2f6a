"""Callflows, groups and ring groups: numbers, members, and which flow answers what was dialled."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.crossbar.errors import Conflict, ValidationFailed
from apps.foundation.identity.principal import Principal, system_principal
from apps.pbx.callflows.actions import create_callflow, delete_callflow, replace_callflow
from apps.pbx.callflows.models import Callflow, CallflowNumber
from apps.pbx.callflows.queries import find_flow, modules_of
from apps.pbx.devices.actions import create_device
from apps.pbx.groups.actions import create_group, replace_group
from apps.pbx.numbers.models import NumberState, PhoneNumber
from apps.pbx.ring_groups.actions import create_ring_group, delete_ring_group, replace_ring_group
from tests.cast import Tree
from tests.integration.pbx.conftest import person

HANG_UP = {"module": "hangup", "data": {}, "children": {}}


def flow(admin: Principal, *numbers: str, **document: Any) -> Callflow:
    return create_callflow({"numbers": list(numbers), "flow": HANG_UP} | document, admin)


def own(account: Account, number: str, state: str = NumberState.IN_SERVICE) -> PhoneNumber:
    return PhoneNumber.objects.create(number=number, account_id=account.id, state=state)


def answered_by(destination: str) -> str | None:
    found = find_flow(destination)
    return found.callflow.name if found else None


def test_a_number_is_unique_in_its_account(tree: Tree, admin: Principal) -> None:
    first = flow(admin, "1001", name="First")
    with pytest.raises(ValidationFailed) as refused:
        flow(admin, "1002", "1001")
    assert refused.value.violations["numbers"]["unique"]["cause"] == "1001"
    assert "First" in refused.value.violations["numbers"]["unique"]["message"]
    with account_scope(tree.clinic.id):
        flow(system_principal(tree.clinic.id), "1001")
    delete_callflow(first, admin)
    flow(admin, "1001")


def test_numbers_follow_the_document(admin: Principal) -> None:
    callflow = flow(admin, "1001", "1002")
    replace_callflow(callflow, callflow.to_document() | {"numbers": ["1002", "1003"]}, admin)
    assert set(CallflowNumber.objects.values_list("number", flat=True)) == {"1002", "1003"}


@pytest.mark.parametrize(
    ("document", "path", "rule"),
    [
        ({"numbers": ["1", "1"]}, "numbers", "uniqueItems"),
        ({"numbers": [""]}, "numbers.0", "minLength"),
        ({"numbers": ["+12"]}, "numbers.0", "format"),
        ({"patterns": ["("]}, "patterns.0", "regex"),
        ({"patterns": ["(a+)+$"]}, "patterns.0", "regex"),
        ({"flow": {"module": "sleep", "data": {"duration": "long"}}}, "flow.data.duration", "type"),
        ({"flow": {"module": "menu", "children": {"1": "x"}}}, "flow.children.1", "type"),
        ({"flow": {"data": {}}}, "flow.module", "required"),
        ({"flow": {"module": "no_such_verb"}}, "flow.module", "enum"),
        ({"name": "x" * 129}, "name", "maxLength"),
    ],
)
def test_wrong_input_is_named(admin: Principal, document: dict[str, Any], path: str, rule: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        create_callflow(document, admin)
    assert rule in refused.value.violations[path]


def test_verbs_of_kazoo_and_unknown_words_are_kept(admin: Principal) -> None:
    """A flow that comes from KAZOO is taken over, whatever of it can be carried out."""
    tree = {"module": "skel", "data": {"x": 1}, "children": {"_": HANG_UP}}
    callflow = flow(admin, "MainOpenHours", "no_match", flow=tree, type="main")
    assert Callflow.objects.get(id=callflow.id).to_document()["flow"] == tree
    assert modules_of(tree) == ["skel", "hangup"]


def test_what_was_dialled_is_looked_up_in_kazoo_s_order(bakery: Account, admin: Principal) -> None:
    own(bakery, "+14155550100")
    flow(admin, "1001", name="Extension")
    flow(admin, "+14155550100", name="Main")
    flow(admin, name="Short", patterns=[r"^\*7([0-9])"])
    flow(admin, name="Long", patterns=[r"^\*7([0-9]*)$"])
    flow(admin, "no_match", name="Out")
    assert answered_by("1001") == "Extension"
    assert answered_by("+14155550100") == answered_by("4155550100") == answered_by("14155550100") == "Main"
    assert answered_by("*72123") == "Long"
    found = find_flow("*72123")
    assert found is not None
    assert found.capture_group == "2123"
    assert answered_by("+442079460000") == "Out"
    out = find_flow("+442079460000")
    assert out is not None
    assert out.is_no_match
    assert answered_by("nobody") is None
    assert answered_by("no_match") is None


def test_an_extension_is_found_by_one_query(
    admin: Principal, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    flow(admin, "1001", "+14155550100")
    for dialled, queries in (("1001", 1), ("+14155550100", 1), ("4155550100", 2), ("1002", 2)):
        with django_assert_num_queries(queries):
            find_flow(dialled)


def test_named_groups_are_captured(admin: Principal) -> None:
    flow(admin, name="Named", patterns=[r"^(?P<box>\d{2})(?P<code>\d{4})$"])
    found = find_flow("991234")
    assert found is not None
    assert (found.capture_group, found.capture_groups) == ("1234", {"box": "99", "code": "1234"})


def test_phone_numbers_know_their_callflow(tree: Tree, bakery: Account, admin: Principal) -> None:
    own(bakery, "+14155550100", NumberState.RESERVED)
    own(tree.clinic, "+14155550101")
    callflow = flow(admin, "4155550100")
    assert callflow.numbers == ["+14155550100"]
    number = PhoneNumber.objects.get(number="+14155550100")
    assert (number.used_by, number.callflow_id, number.state) == ("callflow", callflow.id, "in_service")
    with pytest.raises(ValidationFailed) as refused:
        flow(admin, "+14155550101")
    assert "forbidden" in refused.value.violations["numbers.0"]
    assert flow(admin, "4155550101").numbers == ["4155550101"], "it may be an extension of ours"
    delete_callflow(callflow, admin)
    number.refresh_from_db()
    assert (number.used_by, number.callflow_id, number.state) == ("", "", "in_service")


def test_a_group_s_members_exist(admin: Principal) -> None:
    user = person("ada", admin)
    group = create_group({"name": "Sales", "endpoints": {user.id: {"type": "user"}}}, admin)
    with pytest.raises(ValidationFailed) as refused:
        replace_group(group, {"name": "Sales", "endpoints": {"f" * 32: {"type": "device"}}}, admin)
    assert "not_found" in refused.value.violations[f"endpoints.{'f' * 32}"]
    with pytest.raises(ValidationFailed):
        replace_group(group, {"name": "Sales", "endpoints": {group.id: {"type": "group"}}}, admin)


def test_a_ring_group_and_its_callflow_are_one(admin: Principal) -> None:
    user, device = person("ada", admin), create_device({"name": "Desk"}, admin)
    members = [{"id": user.id, "type": "user"}, {"id": device.id, "type": "device", "delay": 5}]
    document = {"name": "Sales", "numbers": ["8001"], "members": members, "strategy": "single", "timeout": 25}
    ring_group = create_ring_group(document, admin)
    found = find_flow("8001")
    assert found is not None
    assert found.flow["module"] == "ring_group"
    assert found.flow["data"]["strategy"] == "single"
    assert found.flow["data"]["endpoints"] == [
        {"id": user.id, "endpoint_type": "user", "delay": 0, "timeout": 20},
        {"id": device.id, "endpoint_type": "device", "delay": 5, "timeout": 20},
    ]
    with pytest.raises(Conflict):
        delete_callflow(found.callflow, admin)
    replace_ring_group(ring_group, document | {"numbers": ["8002"]}, admin)
    assert find_flow("8001") is None
    again = find_flow("8002")
    assert again is not None
    assert again.callflow.id == ring_group.callflow_id
    delete_ring_group(ring_group, admin)
    assert find_flow("8002") is None


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        ({"numbers": ["1001"]}, "numbers", "unique"),
        ({"numbers": []}, "numbers", "minItems"),
        ({"members": []}, "members", "minItems"),
        ({"members": [{"id": "f" * 32, "type": "user"}]}, "members.0.id", "not_found"),
        ({"strategy": "louder"}, "strategy", "enum"),
        ({"repeats": 0}, "repeats", "minimum"),
    ],
)
def test_a_wrong_ring_group_leaves_nothing_behind(
    admin: Principal, change: dict[str, Any], path: str, rule: str
) -> None:
    flow(admin, "1001")
    user = person("ada", admin)
    good = {"name": "Sales", "numbers": ["8001"], "members": [{"id": user.id, "type": "user"}]}
    with pytest.raises(ValidationFailed) as refused:
        create_ring_group(good | change, admin)
    assert rule in refused.value.violations[path]
    assert Callflow.objects.count() == 1
