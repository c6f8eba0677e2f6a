"""Phone numbers: who may have which, where they go when they are released, and what answers them."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.identity.queries import accounts_named
from apps.pbx.callflows.actions import create_callflow
from apps.pbx.numbers.actions import (
    activate_number,
    create_number,
    release_number,
    replace_number,
    reserve_number,
)
from apps.pbx.numbers.bulk import SomeRefused, for_each
from apps.pbx.numbers.classifiers import classify
from apps.pbx.numbers.documents import to_document
from apps.pbx.numbers.errors import (
    InvalidState,
    NoChangeRequired,
    NotReconcilable,
    NumberExists,
    NumberForbidden,
    NumberUnknown,
)
from apps.pbx.numbers.models import PhoneNumber
from apps.pbx.numbers.queries import may_take, search
from tests.cast import Tree

NUMBER = "+14155550100"


def reseller(tree: Tree) -> Principal:
    return Principal(account_id=tree.north.id, user_id="u" * 32, role=Role.RESELLER_ADMIN, method="user_auth")


def customer(account: Account) -> Principal:
    return Principal(account_id=account.id, user_id="c" * 32, role=Role.ACCOUNT_ADMIN, method="user_auth")


def within(account: Account) -> AbstractContextManager[Account]:
    return account_scope(account.id)


def stock(tree: Tree, number: str = NUMBER) -> PhoneNumber:
    """A number the reseller north has on offer."""
    with within(tree.north):
        return create_number(number, {"create_with_state": "available"}, reseller(tree))


def test_only_a_reseller_adds_new_numbers(tree: Tree) -> None:
    with within(tree.bakery):
        with pytest.raises(NumberForbidden):
            create_number(NUMBER, {}, customer(tree.bakery))
        row = create_number("(415) 555-0100", {}, reseller(tree))
    assert (row.number, row.account_id, row.state, row.country) == (NUMBER, tree.bakery.id, "reserved", "US")
    assert row.reserve_history == [tree.bakery.id]


def test_a_number_is_one_account_s_in_the_whole_cluster(tree: Tree) -> None:
    with within(tree.bakery):
        create_number(NUMBER, {}, reseller(tree))
    with within(tree.harbour), pytest.raises(NumberExists) as refused:
        create_number(NUMBER, {}, tree.principal)
    assert refused.value.data == {
        "cause": NUMBER,
        "code": 409,
        "error": "number_exists",
        "message": f"number {NUMBER} already exists",
    }


@pytest.mark.parametrize("text", ["", "abc", "12", "+12", "+1415555010012345678", "1001"])
def test_what_is_no_number_is_refused(tree: Tree, text: str) -> None:
    with within(tree.bakery), pytest.raises(NotReconcilable):
        create_number(text, {}, reseller(tree))


def test_a_customer_takes_what_is_on_offer_above(tree: Tree) -> None:
    stock(tree)
    with within(tree.harbour), pytest.raises(NumberUnknown):
        activate_number(NUMBER, {}, customer(tree.harbour))
    with within(tree.branch):
        row = activate_number(NUMBER, {}, customer(tree.branch))
    assert (row.account_id, row.state) == (tree.branch.id, "in_service")
    with within(tree.clinic), pytest.raises(NumberExists):
        create_number(NUMBER, {}, customer(tree.clinic))


def test_a_released_number_goes_back_on_offer_with_nothing_of_its_owner(tree: Tree) -> None:
    stock(tree)
    with within(tree.bakery):
        row = activate_number(NUMBER, {"cnam": {"display_name": "Bakery"}}, customer(tree.bakery))
        create_callflow({"numbers": [NUMBER], "flow": {"module": "hangup", "data": {}}}, customer(tree.bakery))
        row.refresh_from_db()
        assert row.used_by == "callflow"
        with pytest.raises(NumberForbidden):
            release_number(row, customer(tree.bakery), hard=True)
        release_number(row, customer(tree.bakery))
        trail = list(AuditEntry.objects.filter(target_id=NUMBER).values_list("action", flat=True))
    row.refresh_from_db()
    assert (row.account_id, row.state, row.used_by, row.callflow_id) == (tree.north.id, "available", "", "")
    assert row.document == {}
    assert sorted(trail) == ["phone_number.created", "phone_number.deleted"]


def test_a_reseller_takes_a_number_out_of_the_system(tree: Tree) -> None:
    row = stock(tree)
    with within(tree.north):
        assert release_number(row, reseller(tree), hard=True).state == "deleted"
    assert not PhoneNumber.objects.filter(number=NUMBER).exists()


def test_states(tree: Tree) -> None:
    with within(tree.bakery):
        create_number(NUMBER, {}, reseller(tree))
        with pytest.raises(NoChangeRequired):
            reserve_number(NUMBER, reseller(tree))
        assert activate_number(NUMBER, {}, reseller(tree)).state == "in_service"
        with pytest.raises(NoChangeRequired):
            activate_number(NUMBER, {}, reseller(tree))
        assert reserve_number(NUMBER, reseller(tree)).state == "reserved"
        PhoneNumber.objects.update(state="aging")
        with pytest.raises(InvalidState):
            activate_number(NUMBER, {}, reseller(tree))
        with pytest.raises(ValidationFailed) as refused:
            create_number("+14155550199", {"create_with_state": "port_in"}, customer(tree.bakery))
    assert "forbidden" in refused.value.violations["create_with_state"]


def test_a_callflow_that_names_a_number_answers_it_once_it_comes(tree: Tree) -> None:
    with within(tree.bakery):
        flow = {"module": "hangup", "data": {}}
        callflow = create_callflow({"numbers": [NUMBER], "flow": flow}, customer(tree.bakery))
        row = create_number(NUMBER, {}, reseller(tree))
    assert (row.state, row.used_by, row.callflow_id) == ("in_service", "callflow", callflow.id)


def test_fields_are_kept_and_read_back(tree: Tree) -> None:
    with within(tree.bakery):
        row = create_number(NUMBER, {}, reseller(tree))
        replace_number(
            row,
            {
                "cnam": {"display_name": "Bakery", "inbound_lookup": True},
                "prepend": {"enabled": True, "name": "Sales "},
                "my_own_field": 42,
                "state": "port_out",
                "used_by": "magic",
            },
            customer(tree.bakery),
        )
        document = to_document(PhoneNumber.objects.get(number=NUMBER))
        with pytest.raises(ValidationFailed) as refused:
            replace_number(row, {"e911": {"locality": "San Francisco"}}, customer(tree.bakery))
    assert document["my_own_field"] == 42
    assert document["prepend"] == {"enabled": True, "name": "Sales "}
    assert document["features"] == ["inbound_cnam", "local", "outbound_cnam", "prepend"]
    assert (document["state"], document.get("used_by")) == ("reserved", None)
    assert document["_read_only"]["state"] == "reserved"
    assert {"e911.street_address", "e911.postal_code", "e911.region"} <= refused.value.violations.keys()


def test_several_numbers_are_all_changed_or_none(tree: Tree) -> None:
    stock(tree)
    with within(tree.bakery), pytest.raises(SomeRefused) as refused:
        for_each([NUMBER, "+14155550101"], lambda text: activate_number(text, {}, customer(tree.bakery)))
    assert list(refused.value.data) == ["+14155550101"]
    assert PhoneNumber.objects.get(number=NUMBER).state == "available"


def test_searching_what_is_on_offer(tree: Tree) -> None:
    for number in (NUMBER, "+14155550101", "+442079460000"):
        stock(tree, number)
    found = [row.number for row in search(tree.bakery, "415")]
    assert found == [NUMBER, "+14155550101"]
    assert [row.number for row in search(tree.bakery, "20", "GB")] == ["+442079460000"]
    assert [row.number for row in search(tree.bakery, "+44")] == ["+442079460000"]
    assert list(search(tree.harbour, "415")) == []
    assert may_take(tree.bakery, [NUMBER, "+14155550109"], may_create=False) == {NUMBER: True, "+14155550109": False}
    assert may_take(tree.harbour, [NUMBER, "+14155550109"], may_create=True) == {NUMBER: False, "+14155550109": True}


def test_an_account_is_found_by_a_number_it_holds(tree: Tree) -> None:
    stock(tree)
    with within(tree.bakery):
        activate_number(NUMBER, {}, customer(tree.bakery))
    assert [account.id for account in accounts_named("415-555-0100", None, None)] == [tree.bakery.id]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("+18005550100", "tollfree_us"),
        ("+19005550100", "toll_us"),
        ("911", "emergency"),
        ("+16845551234", "caribbean"),
        (NUMBER, "did_us"),
        ("+442079460000", "international"),
        ("01144207946", "international"),
        ("1001", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_classes_of_numbers(number: str, name: str) -> None:
    assert classify(number).name == name
