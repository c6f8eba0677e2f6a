"""Schemas: a clone is what migrations would have made, migrating finds what lags, months get their partitions."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.kit.ids import new_id
from apps.foundation.kit.partitions import ensure_partition, partitioned_models
from apps.foundation.tenants import replay, schemas
from apps.foundation.tenants.actions import create_tenant, drop_tenant
from apps.foundation.tenants.cloning import CannotBeCloned, clone_schema
from apps.foundation.tenants.models import TEMPLATE_SCHEMA, Tenant
from apps.foundation.tenants.tables import TableWithoutAccount, tenant_models
from apps.foundation.tenants.tasks import make_partitions
from tests.cast import Tree

pytestmark = pytest.mark.django_db

COLUMNS = """
    SELECT table_name, column_name, rank() OVER (PARTITION BY table_name ORDER BY ordinal_position), udt_name,
           character_maximum_length, is_nullable, column_default, is_identity, identity_generation, collation_name
    FROM information_schema.columns WHERE table_schema = %s
"""
CONSTRAINTS = """
    SELECT r.relname, c.conname, c.contype, c.condeferrable, c.condeferred, c.convalidated, pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid WHERE c.connamespace = %s::regnamespace
"""
INDEXES = """
    SELECT t.relname, c.relname, i.indisunique, i.indisprimary, i.indisvalid, c.relkind, pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    WHERE c.relnamespace = %s::regnamespace
"""
TABLES = """
    SELECT relname, relkind, pg_get_partkeydef(oid), relispartition FROM pg_class
    WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
"""

QUERIES = {"columns": COLUMNS, "constraints": CONSTRAINTS, "indexes": INDEXES, "tables": TABLES}


def picture(schema: str) -> dict[str, set[tuple[object, ...]]]:
    """Everything there is in a schema, without the schema's name."""
    taken = {}
    with connection.cursor() as cursor:
        cursor.execute(f'SET LOCAL search_path = "{schema}", public')
        for what, query in QUERIES.items():
            cursor.execute(query, [schema])
            taken[what] = {
                tuple(value.replace(f"{schema}.", "") if isinstance(value, str) else value for value in row)
                for row in cursor.fetchall()
            }
    connection.search_path_set_schemas = None  # type: ignore[attr-defined]
    return taken


def test_a_clone_equals_a_migrated_schema() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA migrated")
    schemas._migrate("migrated", 0)
    tenant = create_tenant(new_id())
    cloned, migrated = picture(str(tenant.schema_name)), picture("migrated")
    for what, rows in migrated.items():
        assert rows, what
        assert cloned[what] == rows, what


def test_a_clone_has_no_rows_but_the_ledger(tree: Tree) -> None:
    schema = str(tree.north.tenant.schema_name)
    with connection.cursor() as cursor:
        for table in ("django_migrations", "django_content_type"):
            counts = []
            for name in (schema, TEMPLATE_SCHEMA):
                cursor.execute(f'SELECT count(*) FROM "{name}"."{table}"')
                counts.append(cursor.fetchone())
            assert counts[0] == counts[1] != (0,)
        cursor.execute(f'SELECT count(*) FROM "{schema}".users_user')
        assert cursor.fetchone() == (0,)
        cursor.execute(f"INSERT INTO \"{schema}\".django_migrations (app, name, applied) VALUES ('x', 'y', now())")


def test_what_cannot_be_cloned_is_refused() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA odd")
        cursor.execute("CREATE VIEW odd.surprise AS SELECT 1 AS one")
    with pytest.raises(CannotBeCloned, match="view surprise"):
        clone_schema("odd", "copy")


def test_a_schema_s_name_is_never_used_twice() -> None:
    account_id = new_id()
    first = create_tenant(account_id)
    name = first.schema_name
    drop_tenant(first)
    assert create_tenant(account_id).schema_name != name


def test_only_schemas_that_lag_are_named(tree: Tree) -> None:
    latest = sorted(MigrationLoader(None).graph.leaf_nodes())
    north, south = str(tree.north.tenant.schema_name), str(tree.south.tenant.schema_name)
    everyone = ["public", TEMPLATE_SCHEMA, north, south]
    assert schemas.lagging(everyone, latest) == []
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM \"{south}\".django_migrations WHERE app = 'audit'")
    assert schemas.lagging(everyone, latest) == [south]
    assert schemas.lagging(["never_made"], latest) == ["never_made"]


def lose_limits(schema: str) -> None:
    """Take a schema back to before the app `limits` was there."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE "{schema}".limits_accountlimits')
        cursor.execute(f"DELETE FROM \"{schema}\".django_migrations WHERE app = 'limits'")
        cursor.execute(f'DELETE FROM "{schema}".auth_permission')
        cursor.execute(f"DELETE FROM \"{schema}\".django_content_type WHERE app_label = 'limits'")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_lagging_tenants_are_brought_up_to_date_by_one_set_of_statements(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, south = str(tree.north.tenant.schema_name), str(tree.south.tenant.schema_name)
    before = picture(south)
    for schema in (north, south):
        lose_limits(schema)
    monkeypatch.setattr(schemas, "_migrate", lambda schema, _: pytest.fail(f"{schema} was migrated by itself"))
    assert set(schemas.migrate_all()) == {north, south}
    assert picture(south) == before
    assert schemas.migrate_all() == []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM \"{north}\".django_content_type WHERE app_label = 'limits'")
        assert cursor.fetchone() == (1,)


def test_migrations_that_run_python_are_left_to_django(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    south = str(tree.south.tenant.schema_name)
    before = picture(south)
    lose_limits(south)
    monkeypatch.setattr(replay, "_is_plain", lambda migration: False)
    assert schemas.migrate_all() == [south]
    assert picture(south) == before


def test_nothing_to_migrate_takes_less_than_a_second(tree: Tree) -> None:
    started = time.perf_counter()
    assert schemas.migrate_all() == []
    assert time.perf_counter() - started < 1


def test_a_month_s_partition_appears_once_in_its_schema(tree: Tree) -> None:
    moment = datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC)
    with account_scope(tree.bakery):
        ensure_partition(AuditEntry, moment)
        ensure_partition(AuditEntry, moment)
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'audit_entry_203112'")
        assert cursor.fetchall() == [(tree.north.tenant.schema_name,)]


def test_the_coming_month_is_made_ahead(tree: Tree) -> None:
    assert make_partitions() == make_partitions() == 4  # the template's too
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r' AND relnamespace = %s::regnamespace",
            [tree.south.tenant.schema_name],
        )
        assert cursor.fetchone() == (2 * len(partitioned_models()),)
    copy = picture(str(create_tenant(new_id()).schema_name))
    assert not any(name.startswith("audit_entry_") for name, *_ in copy["tables"])


def test_every_tenant_table_says_whose_its_rows_are() -> None:
    try:
        models = tenant_models()
    except TableWithoutAccount as error:
        pytest.fail(str(error))
    assert {model._meta.db_table for model in models} >= {"audit_entry", "users_user", "call_record"}


def test_tenants_are_rows_of_the_shared_schema(tree: Tree) -> None:
    assert set(Tenant.objects.values_list("account_id", flat=True)) == {tree.master.id, tree.north.id, tree.south.id}
