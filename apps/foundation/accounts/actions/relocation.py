"""Moving the rows of accounts from one schema to another, and counting that all of them arrived.

Everything happens in the caller's transaction. Files lie under the account's id and directory rows name the account, so
neither moves; they are counted before and after all the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Model
from psycopg import sql

from apps.foundation.accounts.errors import CountsDiffer
from apps.foundation.accounts.scope import schema_scope
from apps.foundation.kit.partitions import ensure_partition
from apps.foundation.tenants.models import PUBLIC_SCHEMA
from apps.foundation.tenants.tables import columns, directory_models, tenant_models


@dataclass(frozen=True, slots=True)
class Inventory:
    """What accounts own: rows by table (directory tables too, but for the volatile ones), and files."""

    rows: dict[str, int]
    files: int

    @property
    def row_total(self) -> int:
        return sum(self.rows.values())


def account_files(account_id: str) -> Path:
    """The folder of an account's files."""
    return Path(settings.MEDIA_ROOT) / "accounts" / account_id


def take_inventory(schema: str, account_ids: list[str]) -> Inventory:
    rows = {_name(model): _count(schema, model, account_ids) for model in tenant_models()}
    lasting = [model for model in directory_models() if not getattr(model, "volatile", False)]
    rows |= {_name(model): _count(PUBLIC_SCHEMA, model, account_ids) for model in lasting}
    return Inventory(rows, sum(_count_files(account_id) for account_id in account_ids))


def move_rows(source: str, target: str, account_ids: list[str]) -> Inventory:
    """Move every tenant row of the accounts. Raises CountsDiffer; the caller's transaction must then roll back."""
    before = take_inventory(source, account_ids)
    for model in tenant_models():
        if before.rows[_name(model)]:
            _move_table(model, source, target, account_ids)
    after = take_inventory(target, account_ids)
    left = take_inventory(source, account_ids)
    arrived = after.rows == before.rows and after.files >= before.files  # a recording may just have ended
    if not arrived or any(left.rows[_name(model)] for model in tenant_models()):
        raise CountsDiffer
    return after


def remove_rows(schema: str, account_ids: list[str]) -> Inventory:
    """Remove every row of the accounts, in the tenant's schema and in the directory. Returns what there was."""
    before = take_inventory(schema, account_ids)
    for model in tenant_models():
        _delete(schema, model, account_ids)
    for model in directory_models():
        _delete(PUBLIC_SCHEMA, model, account_ids)
    return before


def _move_table(model: type[Model], source: str, target: str, account_ids: list[str]) -> None:
    if getattr(model, "monthly", False):
        with schema_scope(target):
            for month in _months(source, model, account_ids):
                ensure_partition(model, month)
    names = sql.SQL(", ").join(map(sql.Identifier, columns(model)))
    table = model._meta.db_table
    _run(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} WHERE account_id = ANY(%s)").format(
            sql.Identifier(target, table), names, names, sql.Identifier(source, table)
        ),
        account_ids,
    )
    _delete(source, model, account_ids)


def _months(schema: str, model: type[Model], account_ids: list[str]) -> Iterable[datetime]:
    query = sql.SQL("SELECT DISTINCT month FROM {} WHERE account_id = ANY(%s)").format(_table(schema, model))
    return [datetime.combine(month, time(), UTC) for (month,) in _run(query, account_ids)]


def _count(schema: str, model: type[Model], account_ids: list[str]) -> int:
    query = sql.SQL("SELECT count(*) FROM {} WHERE account_id = ANY(%s)").format(_table(schema, model))
    return int(str(_run(query, account_ids)[0][0]))


def _delete(schema: str, model: type[Model], account_ids: list[str]) -> None:
    _run(sql.SQL("DELETE FROM {} WHERE account_id = ANY(%s)").format(_table(schema, model)), account_ids)


def _run(query: sql.Composed, account_ids: list[str]) -> list[tuple[datetime, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(None), [account_ids])
        return cursor.fetchall() if cursor.description else []


def _count_files(account_id: str) -> int:
    return sum(1 for path in account_files(account_id).rglob("*") if path.is_file())


def _table(schema: str, model: type[Model]) -> sql.Identifier:
    return sql.Identifier(schema, model._meta.db_table)


def _name(model: type[Model]) -> str:
    return model._meta.db_table
