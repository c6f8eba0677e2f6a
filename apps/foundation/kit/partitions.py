"""Monthly partitions of usage tables.

A partitioned table is declared by hand-written DDL in a migration (`partitioned_table` below) and a model with
`managed = False`. A month's partition appears with its first row, or ahead of time from the monthly task.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, migrations, transaction
from django.db.models import Model
from psycopg import sql

from apps.foundation.kit.clock import now

#: (schema, table, YYYYMM) known to exist. Only committed partitions are remembered.
_known: set[tuple[str, str, str]] = set()


def partitioned_table(table: str, columns: str, indexes: Iterable[str]) -> migrations.RunSQL:
    """Migration operation for a table partitioned by its `month` column (a DATE, first of the month)."""
    create = [f"CREATE TABLE {table} ({columns}) PARTITION BY RANGE (month)"]
    create += [f"CREATE INDEX ON {table} ({index})" for index in indexes]
    return migrations.RunSQL(sql=[*create], reverse_sql=[f"DROP TABLE {table}"])


def first_of_month(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(moment: datetime) -> datetime:
    return first_of_month(first_of_month(moment) + timedelta(days=32))


def ensure_partition(model: type[Model], moment: datetime) -> None:
    """Make sure the partition of the scope's schema for the month of `moment` exists. One set look-up when known."""
    table, start = model._meta.db_table, first_of_month(moment)
    schema = str(connection.schema_name)  # type: ignore[attr-defined]
    key = (schema, table, f"{start:%Y%m}")
    if key in _known:
        return
    partition = sql.Identifier(schema, f"{table}_{start:%Y%m}")
    with transaction.atomic(), connection.cursor() as cursor:
        # Two first rows of a month may arrive together: the second waits here and finds the partition made.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", ["/".join(key)])
        cursor.execute("SELECT to_regclass(%s)", [f'"{schema}"."{table}_{start:%Y%m}"'])
        if cursor.fetchone() == (None,):
            statement = sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                partition, sql.Identifier(schema, table), f"{start:%Y-%m-%d}", f"{next_month(start):%Y-%m-%d}"
            )
            cursor.execute(statement.as_string(None))
    transaction.on_commit(lambda: _known.add(key))


def ensure_coming_month(models: Iterable[type[Model]]) -> None:
    for model in models:
        ensure_partition(model, now())
        ensure_partition(model, next_month(now()))


def partitioned_models() -> list[type[Model]]:
    """Every model whose table is partitioned by month (it says so with `monthly = True`)."""
    from django.apps import apps

    return [model for model in apps.get_models() if getattr(model, "monthly", False)]
