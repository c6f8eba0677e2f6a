"""Disable, enable, delete, restore, remove: at once, with nothing left over, and only where the tree allows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from apps.foundation.accounts import lifecycle
from apps.foundation.accounts.actions import (
    create_account,
    delete_account,
    disable_account,
    enable_account,
    hard_delete_account,
    restore_account,
)
from apps.foundation.accounts.actions.relocation import account_files
from apps.foundation.accounts.errors import AccountHasDescendants, InvalidAccount, MasterAccount, ParentGone
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import AccountUnknown, account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.tenants.models import Tenant
from apps.foundation.tenants.tables import directory_models, tenant_models
from tests.cast import Tree
from tests.integration.foundation.conftest import device_names, furnish

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Iterator[list[tuple[str, str]]]:
    """What reactions were told: (moment, account name)."""
    told: list[tuple[str, str]] = []
    moments = [lifecycle.suspended, lifecycle.resumed, lifecycle.removed]
    reactions = [
        moment.register(lambda account, name=moment.name: told.append((name, account.name)))  # type: ignore[misc]
        for moment in moments
    ]
    yield told
    for moment, reaction in zip(moments, reactions, strict=True):
        moment.unregister(reaction)


def test_disabling_stops_tokens_and_tells_the_rooms_above(tree: Tree, heard: list[tuple[str, str]]) -> None:
    salt = tree.bakery.token_salt
    disable_account(tree.bakery, tree.principal)
    disable_account(tree.bakery, tree.principal)
    stored = Account.objects.get(id=tree.bakery.id)
    assert not stored.enabled
    assert stored.token_salt != salt
    enable_account(tree.bakery, tree.principal)
    assert Account.objects.get(id=tree.bakery.id).enabled
    assert heard == [("suspended", "Bakery"), ("resumed", "Bakery")]
    with account_scope(tree.bakery):
        trail = AuditEntry.objects.filter(action__in=["account.disabled", "account.enabled"])
        assert sorted(entry.action for entry in trail) == ["account.disabled", "account.enabled"]


def test_a_deleted_account_is_out_of_reach_and_can_come_back(tree: Tree, heard: list[tuple[str, str]]) -> None:
    furnish(tree.clinic, "desk")
    delete_account(tree.clinic, tree.principal)
    with pytest.raises(AccountUnknown), account_scope(tree.clinic.id):
        pass
    with pytest.raises(InvalidAccount):
        create_account(tree.north, {"name": "Thief", "realm": tree.clinic.realm}, tree.principal)
    restore_account(Account.objects.get(id=tree.clinic.id), tree.principal)
    assert device_names(tree.clinic) == ["desk"]
    assert heard == [("suspended", "Clinic"), ("resumed", "Clinic")]


def test_restoring_a_disabled_account_does_not_wake_it(tree: Tree, heard: list[tuple[str, str]]) -> None:
    disable_account(tree.clinic, tree.principal)
    delete_account(tree.clinic, tree.principal)
    restore_account(tree.clinic, tree.principal)
    assert ("resumed", "Clinic") not in heard
    assert not Account.objects.get(id=tree.clinic.id).enabled


def test_an_account_with_others_below_stays(tree: Tree) -> None:
    for hard in (False, True):
        with pytest.raises(AccountHasDescendants):
            delete_account(tree.bakery, tree.principal, hard=hard)
    delete_account(tree.branch, tree.principal)
    delete_account(tree.bakery, tree.principal)
    with pytest.raises(ParentGone):
        restore_account(Account.objects.get(id=tree.branch.id), tree.principal)


def test_the_master_account_stays(tree: Tree) -> None:
    for action in (disable_account, delete_account, hard_delete_account):
        with pytest.raises(MasterAccount):
            action(tree.master, tree.principal)  # type: ignore[operator]


def test_removing_leaves_no_row_and_no_file(
    tree: Tree, settings: object, tmp_path: Path, django_capture_on_commit_callbacks: object
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    furnish(tree.clinic, "desk", "hall")
    furnish(tree.bakery, "oven")
    (folder := account_files(tree.clinic.id)).mkdir(parents=True)
    (folder / "greeting.wav").write_bytes(b"RIFF")
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        removed = hard_delete_account(tree.clinic, tree.principal)
    assert removed.rows["devices_device"] == removed.rows["registrar_sipcredential"] == 2
    assert removed.files == 1
    assert not folder.exists()
    assert not Account.objects.filter(id=tree.clinic.id).exists()
    schema = str(tree.north.tenant.schema_name)
    tables = [(schema, model) for model in tenant_models()] + [("public", model) for model in directory_models()]
    with connection.cursor() as cursor:
        for where, model in tables:
            table = f'"{where}"."{model._meta.db_table}"'
            cursor.execute(f"SELECT count(*) FROM {table} WHERE account_id = %s", [tree.clinic.id])
            assert cursor.fetchone() == (0,), table
    assert device_names(tree.bakery) == ["oven"]
    with account_scope(tree.north):
        assert AuditEntry.objects.filter(action="account.deleted", target_id=tree.clinic.id).exists()


def test_removing_a_reseller_removes_its_schema_and_what_was_deleted_below(tree: Tree) -> None:
    delete_account(tree.harbour, tree.principal)
    schema = str(tree.south.tenant.schema_name)
    hard_delete_account(tree.south, tree.principal)
    assert not Account.objects.filter(id__in=[tree.south.id, tree.harbour.id]).exists()
    assert not Tenant.objects.filter(schema_name=schema).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [schema])
        assert cursor.fetchone() == (0,)
