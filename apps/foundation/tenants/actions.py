"""Schemas: made by cloning the template, dropped with their reseller, migrated together."""

import logging

from django.conf import settings
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django_tenants.clone import CloneSchema
from django_tenants.migration_executors.base import run_migrations
from psycopg import sql

from apps.foundation.tenants.models import PUBLIC_SCHEMA, TEMPLATE_SCHEMA, Tenant

log = logging.getLogger(__name__)


def create_tenant(account_id: str) -> Tenant:
    """A new schema for a reseller, cloned from the template (about half a second), in the caller's transaction."""
    tenant = Tenant(schema_name=f"tenant_{account_id}", account_id=account_id)
    with transaction.atomic():
        tenant.save()
        _clone_template(str(tenant.schema_name))
    return tenant


def drop_tenant(tenant: Tenant) -> None:
    """Drop the schema and everything in it. The caller has checked that nobody lives there."""
    with transaction.atomic():
        _execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(str(tenant.schema_name))))
        tenant.delete()


def migrate_all(verbosity: int = 0) -> list[str]:
    """Bring every schema up to date: shared tables, the template, then each tenant that lags. Returns what changed."""
    migrated = []
    for schema in [PUBLIC_SCHEMA, TEMPLATE_SCHEMA]:
        _execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        if _lags(schema):
            _migrate(schema, verbosity)
            migrated.append(schema)
    for tenant in Tenant.objects.order_by("schema_name"):
        if _lags(str(tenant.schema_name)):
            _migrate(str(tenant.schema_name), verbosity)
            migrated.append(str(tenant.schema_name))
    return migrated


def _migrate(schema: str, verbosity: int) -> None:
    log.info("migrating schema %s", schema)
    options = {"verbosity": verbosity, "interactive": False, "database": "default"}
    options |= {"skip_checks": True, "no_color": True, "force_color": False, "traceback": True, "settings": None}
    options |= {"pythonpath": None, "app_label": None, "migration_name": None, "fake": False, "fake_initial": False}
    options |= {"plan": False, "run_syncdb": False, "check_unapplied": False, "prune": False, "stdout": None}
    run_migrations([], {k: v for k, v in options.items() if k != "stdout"}, "standard", schema)
    no_style()


def _lags(schema: str) -> bool:
    """Whether a migration on disk is not recorded in the schema. django-tenants records all apps' in every schema."""
    connection.set_schema(schema, include_public=False)  # type: ignore[attr-defined]
    try:
        applied = set(MigrationRecorder(connection).applied_migrations())
    finally:
        connection.set_schema_to_public()  # type: ignore[attr-defined]
    on_disk = set(MigrationLoader(None, ignore_no_initial=True).graph.leaf_nodes())
    return not on_disk <= applied


def _clone_template(schema: str) -> None:
    clone = CloneSchema()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_proc WHERE proname = 'clone_schema'")
        if cursor.fetchone() is None:
            clone._create_clone_schema_function()
        cursor.execute("SELECT clone_schema(%s, %s, 'NODATA')", [TEMPLATE_SCHEMA, schema])
        # The function leaves search_path at the new schema; the wrapper's cached value would be wrong.
        for table in ("django_migrations", "django_content_type"):
            copy = sql.SQL("INSERT INTO {} SELECT * FROM {}").format(
                sql.Identifier(schema, table), sql.Identifier(TEMPLATE_SCHEMA, table)
            )
            cursor.execute(copy.as_string(None))
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT COALESCE(MAX(id), 1) FROM "
                + sql.Identifier(schema, table).as_string(None)
                + "))",
                [f'"{schema}"."{table}"'],
            )
    connection.search_path_set_schemas = None  # type: ignore[attr-defined]


def _execute(statement: sql.Composed) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(None))


def installed_schemas() -> list[str]:
    """The schemas that hold tenant tables: the template and one per reseller."""
    return [settings.TENANT_BASE_SCHEMA, *Tenant.objects.order_by("schema_name").values_list("schema_name", flat=True)]
