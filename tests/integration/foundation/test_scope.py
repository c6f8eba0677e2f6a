"""Scope or raise: a tenant row is reached for one account, or not at all."""

from __future__ import annotations

import asyncio

import pytest
from django.db import connection

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.scope import ScopeRequired, account_scope, current_account_id, schema_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.documents.actions import create_document
from apps.foundation.tenants.tables import tenant_models
from apps.pbx.devices.models import Device
from tests.cast import Tree, plant_tree
from tests.integration.foundation.conftest import device_names, furnish

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree(request: pytest.FixtureRequest) -> Tree:
    """One for each test, in its transaction or committed: some of them use threads with connections of their own."""
    request.getfixturevalue("_django_db_helper")
    return plant_tree()


def test_every_tenant_model_refuses_to_guess() -> None:
    for model in tenant_models():
        with pytest.raises(ScopeRequired):
            model._default_manager.count()
        with pytest.raises(ScopeRequired):
            model._base_manager.count()


def test_a_whole_schema_is_no_account(tree: Tree) -> None:
    with schema_scope(str(tree.north.tenant.schema_name)):
        with pytest.raises(ScopeRequired):
            Device.objects.count()
        with pytest.raises(ScopeRequired):
            create_document(Device, {"name": "x"}, tree.principal)
        assert Device.across_accounts.count() == 0


def test_each_account_sees_its_own_rows_only(tree: Tree) -> None:
    furnish(tree.bakery, "oven")
    furnish(tree.branch, "counter")
    furnish(tree.clinic, "desk")
    furnish(tree.harbour, "crane")
    seen = {account.name: device_names(account) for account in (tree.north, tree.bakery, tree.clinic, tree.harbour)}
    assert seen == {"North": [], "Bakery": ["oven"], "Clinic": ["desk"], "Harbour": ["crane"]}
    with account_scope(tree.bakery):
        other = Device.across_accounts.get(name="desk")
        assert not Device.objects.filter(pk=other.pk).exists()
        assert not Device.across_accounts.filter(name="crane").exists()
        assert {entry.account_id for entry in AuditEntry.objects.all()} == {tree.bakery.id}


def test_scopes_nest_and_end(tree: Tree) -> None:
    with account_scope(tree.bakery):
        with account_scope(tree.harbour):
            assert current_account_id() == tree.harbour.id
            assert connection.schema_name == tree.south.tenant.schema_name  # type: ignore[attr-defined]
        assert current_account_id() == tree.bakery.id
        assert connection.schema_name == tree.north.tenant.schema_name  # type: ignore[attr-defined]
        with pytest.raises(ZeroDivisionError), account_scope(tree.harbour):
            _ = 1 / 0
        assert current_account_id() == tree.bakery.id
    with pytest.raises(ScopeRequired):
        current_account_id()
    assert connection.schema_name == "public"  # type: ignore[attr-defined]


def test_no_scope_in_a_coroutine(tree: Tree) -> None:
    async def attempt() -> None:
        with account_scope(tree.bakery):
            pass

    with pytest.raises(ScopeRequired, match="in_account"):
        asyncio.run(attempt())


@pytest.mark.django_db(transaction=True)
def test_the_bridge_keeps_accounts_apart_among_many_tasks(tree: Tree) -> None:
    """Two hundred interleaved reads over four accounts and two schemas; each sees its own."""
    accounts = {tree.bakery: "oven", tree.clinic: "desk", tree.harbour: "crane", tree.branch: "counter"}
    for account, name in accounts.items():
        furnish(account, name)

    async def everybody() -> list[tuple[str, str]]:
        reads = [(in_account(account.id, _names), name) for _ in range(50) for account, name in accounts.items()]
        results = await asyncio.gather(*(read for read, _ in reads))
        return [(result, name) for result, (_, name) in zip(results, reads, strict=True)]

    try:
        outcome = asyncio.run(everybody())
    finally:
        _drop_schemas(tree)
    assert len(outcome) == 200
    assert all(result == name for result, name in outcome)


def _names() -> str:
    return ",".join(Device.objects.values_list("name", flat=True))


def _drop_schemas(tree: Tree) -> None:
    """Rows are flushed after such a test, but schemas are not rows."""
    with connection.cursor() as cursor:
        for account in (tree.master, tree.north, tree.south):
            cursor.execute(f'DROP SCHEMA "{account.tenant.schema_name}" CASCADE')
