"""Bringing every schema up to date: shared tables, the template, then each reseller's.

Each schema's own `django_migrations` is the ledger: a run that was cut off is taken up where it ended. django-tenants
records every app's migrations in every schema, whether or not they made tables there; so one list of names tells for
all of them which lag behind.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_tenants.migration_executors.base import run_migrations
from psycopg import sql

from apps.foundation.tenants.models import PUBLIC_SCHEMA, TEMPLATE_SCHEMA, Tenant
from apps.foundation.tenants.raw import raw_session
from apps.foundation.tenants.replay import replay

log = logging.getLogger(__name__)

_LOCK = 7_140_921
_BATCH = 200

Names = list[tuple[str, str]]


def installed_schemas() -> list[str]:
    """The schemas that hold tenant tables: the template and one per reseller."""
    return [TEMPLATE_SCHEMA, *Tenant.objects.order_by("schema_name").values_list("schema_name", flat=True)]


def migrate_all(verbosity: int = 0) -> list[str]:
    """Migrate the schemas that lag and return their names. Two runs at once: the second waits, then finds nothing."""
    with _alone():
        for schema in (PUBLIC_SCHEMA, TEMPLATE_SCHEMA):
            _execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        latest: Names = sorted(MigrationLoader(None).graph.leaf_nodes())
        shared = lagging([PUBLIC_SCHEMA], latest)
        for schema in shared:
            _migrate(schema, verbosity)
        template = lagging([TEMPLATE_SCHEMA], latest)
        for schema in template:
            _migrate(schema, verbosity)
        tenants = lagging(installed_schemas()[1:], latest)
        for schema in replay(tenants):
            _migrate(schema, verbosity)
        return shared + template + tenants


def lagging(schemas: list[str], latest: Names) -> list[str]:
    """Those of `schemas` where one of the `latest` migrations (app, name) is not recorded, in the order given."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'django_migrations'")
        migrated = {schema for (schema,) in cursor.fetchall()}
        found: dict[str, int] = {}
        known = [schema for schema in schemas if schema in migrated]
        for start in range(0, len(known), _BATCH):
            counts = [_count_recorded(schema, latest) for schema in known[start : start + _BATCH]]
            cursor.execute(sql.SQL(" UNION ALL ").join(counts).as_string(None))
            found.update(cursor.fetchall())
    return [schema for schema in schemas if found.get(schema, -1) < len(latest)]


def _count_recorded(schema: str, latest: Names) -> sql.Composed:
    wanted = sql.SQL(", ").join(sql.SQL("({}, {})").format(sql.Literal(app), sql.Literal(name)) for app, name in latest)
    return sql.SQL("SELECT {}, count(DISTINCT (app, name)) FROM {} WHERE (app, name) IN ({})").format(
        sql.Literal(schema), sql.Identifier(schema, "django_migrations"), wanted
    )


def _migrate(schema: str, verbosity: int) -> None:
    log.info("migrating schema %s", schema)
    options = {"verbosity": verbosity, "interactive": False, "database": "default", "skip_checks": True}
    options |= {"no_color": True, "force_color": False, "traceback": True, "settings": None, "pythonpath": None}
    options |= {"app_label": None, "migration_name": None, "fake": False, "fake_initial": False, "plan": False}
    options |= {"run_syncdb": False, "check_unapplied": False, "prune": False}
    run_migrations([], options, "standard", schema)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the installation's migration lock, in a session of its own: Django's is given back between schemas."""
    with raw_session() as session:
        session.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        yield


def _execute(statement: sql.Composed) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(None))
