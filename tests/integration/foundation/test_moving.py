"""Promote, demote and move: every row arrives, none stays behind, and nobody else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from apps.foundation.accounts.actions import (
    create_account,
    demote_reseller,
    move_account,
    promote_to_reseller,
    relocation,
)
from apps.foundation.accounts.errors import (
    AlreadyAReseller,
    CountsDiffer,
    MasterAccount,
    MoveIntoItself,
    NotAReseller,
    ResellerHasResellers,
)
from apps.foundation.accounts.lifecycle import moved
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import AccountElsewhere, account_scope, hold_account
from apps.foundation.kit.ids import is_id
from apps.foundation.tenants.models import Tenant
from tests.cast import Tree
from tests.integration.foundation.conftest import device_names, furnish

pytestmark = pytest.mark.django_db


def fresh(account: Account) -> Account:
    return Account.objects.select_related("tenant").get(id=account.id)


def rows(schema: str, table: str, account: Account) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}" WHERE account_id = %s', [account.id])
        return int(cursor.fetchone()[0])


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant_%%'")
        return {name for (name,) in cursor.fetchall()}


def test_promoting_moves_the_subtree_into_a_schema_of_its_own(tree: Tree, media: Path) -> None:
    furnish(tree.bakery, "oven", "till")
    furnish(tree.branch, "counter")
    furnish(tree.clinic, "desk")
    old = str(tree.bakery.tenant.schema_name)
    inventory = promote_to_reseller(tree.bakery, tree.principal)
    new = str(fresh(tree.bakery).tenant.schema_name)
    assert new != old
    assert fresh(tree.branch).tenant.schema_name == new
    assert fresh(tree.clinic).tenant.schema_name == old
    assert inventory.rows["devices_device"] == 3
    assert inventory.rows["call_record"] == 2
    assert inventory.rows["registrar_sipcredential"] == 3
    assert inventory.files == 2
    assert device_names(tree.bakery) == ["oven", "till"]
    assert device_names(tree.branch) == ["counter"]
    assert device_names(tree.clinic) == ["desk"]
    for table in ("devices_device", "call_record", "audit_entry", "limits_accountlimits"):
        assert rows(old, table, tree.bakery) == rows(old, table, tree.branch) == 0
        assert rows(old, table, tree.clinic) > 0
        assert rows(new, table, tree.branch) > 0


def test_demoting_brings_everything_back_and_drops_the_schema(tree: Tree) -> None:
    furnish(tree.bakery, "oven")
    promote_to_reseller(tree.bakery, tree.principal)
    left = str(fresh(tree.bakery).tenant.schema_name)
    assert left in schemas()
    demote_reseller(fresh(tree.bakery), tree.principal)
    assert fresh(tree.bakery).tenant_id == tree.north.tenant_id == fresh(tree.branch).tenant_id
    assert not fresh(tree.bakery).is_reseller
    assert left not in schemas()
    assert not Tenant.objects.filter(schema_name=left).exists()
    assert device_names(tree.bakery) == ["oven"]
    promote_to_reseller(fresh(tree.bakery), tree.principal)  # partitions of the dropped schema are not taken for known
    assert device_names(tree.bakery) == ["oven"]


def test_moving_a_customer_to_another_reseller(tree: Tree) -> None:
    furnish(tree.bakery, "oven")
    furnish(tree.branch, "counter")
    seen: list[str] = []
    moved.register(reaction := lambda account: seen.append(account.id))
    try:
        inventory = move_account(tree.bakery, tree.harbour, tree.principal)
    finally:
        moved.unregister(reaction)
    assert seen == [tree.bakery.id]
    assert fresh(tree.bakery).ancestors == [tree.master.id, tree.south.id, tree.harbour.id]
    assert fresh(tree.branch).ancestors == [tree.master.id, tree.south.id, tree.harbour.id, tree.bakery.id]
    assert fresh(tree.branch).tenant_id == tree.south.tenant_id
    assert device_names(tree.bakery) == ["oven"]
    assert device_names(tree.branch) == ["counter"]
    assert inventory.rows["devices_device"] == 2
    assert rows(str(tree.north.tenant.schema_name), "devices_device", tree.bakery) == 0


def test_moving_a_reseller_keeps_its_schema(tree: Tree) -> None:
    furnish(tree.harbour, "crane")
    tenant = tree.south.tenant_id
    move_account(tree.south, tree.clinic, tree.principal)
    assert fresh(tree.south).tenant_id == fresh(tree.harbour).tenant_id == tenant
    assert fresh(tree.harbour).ancestors == [tree.master.id, tree.north.id, tree.clinic.id, tree.south.id]
    assert device_names(tree.harbour) == ["crane"]


def test_a_customer_above_a_reseller_moves_without_it(tree: Tree) -> None:
    move_account(tree.south, tree.clinic, tree.principal)
    furnish(tree.clinic, "desk")
    furnish(tree.harbour, "crane")
    promote_to_reseller(fresh(tree.clinic), tree.principal)
    assert fresh(tree.harbour).tenant_id == tree.south.tenant_id != fresh(tree.clinic).tenant_id
    with pytest.raises(ResellerHasResellers):
        demote_reseller(fresh(tree.clinic), tree.principal)


def test_the_tree_has_no_cycles(tree: Tree) -> None:
    for below in (tree.bakery, tree.branch):
        with pytest.raises(MoveIntoItself):
            move_account(tree.bakery, below, tree.principal)
    assert fresh(tree.bakery).parent_id == tree.north.id


def test_refusals(tree: Tree) -> None:
    with pytest.raises(MasterAccount):
        move_account(tree.master, tree.north, tree.principal)
    with pytest.raises(MasterAccount):
        demote_reseller(tree.master, tree.principal)
    with pytest.raises(AlreadyAReseller):
        promote_to_reseller(tree.north, tree.principal)
    with pytest.raises(NotAReseller):
        demote_reseller(tree.bakery, tree.principal)


def test_a_lost_row_rolls_everything_back(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(tree.bakery, "oven", "till")
    before = fresh(tree.bakery)
    original = relocation._move_table

    def lossy(model: type, source: str, target: str, account_ids: list[str]) -> None:
        original(model, source, target, account_ids)
        if model._meta.db_table == "devices_device":
            with connection.cursor() as cursor:
                cursor.execute(f'DELETE FROM "{target}".devices_device WHERE name = %s', ["oven"])

    monkeypatch.setattr(relocation, "_move_table", lossy)
    known = schemas()
    with pytest.raises(CountsDiffer):
        promote_to_reseller(tree.bakery, tree.principal)
    assert schemas() == known
    assert fresh(tree.bakery).tenant_id == before.tenant_id
    assert not fresh(tree.bakery).is_reseller
    assert device_names(tree.bakery) == ["oven", "till"]


def test_a_write_in_a_scope_entered_before_the_move_is_refused(tree: Tree) -> None:
    with account_scope(tree.bakery):
        hold_account()
        move_account(tree.bakery, tree.south, tree.principal)
        with pytest.raises(AccountElsewhere):
            hold_account()
    with account_scope(tree.bakery.id):
        hold_account()


def test_promoting_inside_the_account_s_own_scope(tree: Tree) -> None:
    with account_scope(tree.bakery):
        promote_to_reseller(tree.bakery, tree.principal)
    assert fresh(tree.bakery).tenant.account_id == tree.bakery.id


def test_an_account_made_after_the_move_is_in_the_new_schema(tree: Tree) -> None:
    move_account(tree.bakery, tree.south, tree.principal)
    made = create_account(tree.bakery, {"name": "Later"}, tree.principal)
    assert is_id(made.id)
    assert made.tenant_id == tree.south.tenant_id


@pytest.fixture
def media(settings: object, tmp_path: Path, tree: Tree) -> Path:
    """Two files of the bakery."""
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    folder = relocation.account_files(tree.bakery.id) / "media"
    folder.mkdir(parents=True)
    for name in ("a.wav", "b.wav"):
        (folder / name).write_bytes(b"RIFF")
    return tmp_path
