"""The account tree: making accounts and reading the tree."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from apps.foundation.accounts import queries
from apps.foundation.accounts.actions import MasterExists, create_account, create_master, replace_account
from apps.foundation.accounts.documents import to_document
from apps.foundation.accounts.errors import InvalidAccount
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.identity.principal import system_principal
from tests.cast import Tree

pytestmark = pytest.mark.django_db


def test_a_customer_lives_in_its_reseller_s_schema(tree: Tree) -> None:
    assert tree.branch.tenant_id == tree.bakery.tenant_id == tree.north.tenant_id != tree.south.tenant_id
    assert tree.branch.ancestors == [tree.master.id, tree.north.id, tree.bakery.id]
    assert tree.branch.reseller_above_id == tree.north.id
    assert tree.north.reseller_above_id == tree.master.id == tree.master.reseller_above_id


def test_reading_the_tree(tree: Tree) -> None:
    def names(accounts: object) -> list[str]:
        return [account.name for account in accounts]  # type: ignore[attr-defined]

    assert names(queries.children(tree.north)) == ["Bakery", "Clinic"]
    assert names(queries.descendants(tree.north)) == ["Bakery", "Branch", "Clinic"]
    assert names(queries.siblings(tree.bakery)) == ["Clinic"]
    assert names(queries.siblings(tree.master)) == []
    assert names(queries.parents(tree.branch)) == ["Operator", "North", "Bakery"]
    assert names(queries.tree(tree.branch, viewer=tree.north)) == ["North", "Bakery"]
    assert names(queries.tree(tree.branch, viewer=tree.branch)) == []
    counted = queries.with_descendants_count(queries.children(tree.master))
    assert {account.name: account.descendants_count for account in counted} == {"North": 3, "South": 1}


def test_a_realm_is_made_up_where_none_is_given(tree: Tree, settings: object) -> None:
    made = create_account(tree.north, {"name": "Made up"}, tree.principal)
    prefix, rest = made.realm.split(".", 1)
    assert len(bytes.fromhex(prefix)) == 3
    assert rest == "sip.localhost"


@pytest.mark.parametrize("realm", ["a b", "acme", "-x.test", "x..test", "über.test", "x" * 64 + ".test"])
def test_a_realm_is_a_domain_name(tree: Tree, realm: str) -> None:
    if realm == "acme":
        assert create_account(tree.north, {"name": "x", "realm": realm}, tree.principal).realm == "acme"
        return
    with pytest.raises((InvalidAccount, ValidationError)):
        create_account(tree.north, {"name": "x", "realm": realm}, tree.principal)


def test_a_realm_is_unique_in_the_cluster_whatever_its_case(tree: Tree) -> None:
    with pytest.raises(InvalidAccount) as caught:
        create_account(tree.south, {"name": "x", "realm": "Bakery.TEST"}, tree.principal)
    assert caught.value.errors["realm"]["unique"]["cause"] == "bakery.test"


def test_what_was_put_is_what_is_read_back(tree: Tree) -> None:
    document = {"name": "Fields", "some_key": {"deep": [1, None]}, "caller_id": {"external": {"number": "+15550100"}}}
    account = create_account(tree.north, document, tree.principal)
    read = to_document(Account.objects.get(id=account.id))
    assert read["some_key"] == {"deep": [1, None]}
    assert read["caller_id"] == {"external": {"number": "+15550100"}}
    assert read["music_on_hold"] == {}
    assert (read["reseller_id"], read["is_reseller"], read["superduper_admin"]) == (tree.north.id, False, False)


def test_facts_that_are_posted_back_change_nothing(tree: Tree) -> None:
    posted = to_document(tree.bakery) | {"is_reseller": True, "superduper_admin": True, "reseller_id": "f" * 32}
    posted |= {"id": "0" * 32, "created": 1, "ui_restrictions": {"users": {"show_tab": False}}}
    replaced = replace_account(tree.bakery, posted, tree.principal)
    read = to_document(Account.objects.get(id=tree.bakery.id))
    assert replaced.id == tree.bakery.id
    assert (read["is_reseller"], read["superduper_admin"]) == (False, False)
    assert read["ui_restrictions"] == {"users": {"show_tab": False}}
    assert "reseller_id" not in replaced.document


def test_only_an_account_above_changes_enabled(tree: Tree) -> None:
    own, above = system_principal(tree.bakery.id), system_principal(tree.north.id)
    document = to_document(tree.bakery) | {"enabled": False}
    assert replace_account(tree.bakery, document, own).enabled
    assert not replace_account(tree.bakery, document, above).enabled
    assert replace_account(tree.bakery, document | {"enabled": True}, above).enabled


def test_a_second_master_is_refused(tree: Tree) -> None:
    with pytest.raises(MasterExists):
        create_master({"name": "Another"})


def test_no_child_below_a_deleted_account(tree: Tree) -> None:
    Account.objects.filter(id=tree.harbour.id).update(deleted="2026-01-01T00:00:00Z")
    with pytest.raises(InvalidAccount):
        create_account(tree.harbour, {"name": "x"}, tree.principal)


def test_an_edit_is_in_the_account_s_trail(tree: Tree) -> None:
    replace_account(tree.bakery, to_document(tree.bakery) | {"name": "Bäckerei"}, tree.principal)
    with account_scope(tree.bakery):
        entry = AuditEntry.objects.get(action="account.edited")
    assert entry.changes == {"name": ["Bakery", "Bäckerei"]}
