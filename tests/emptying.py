"""Empty tables after tests that commit.

Django's flush truncates every table there is, full or empty, and writes the content types and permissions again: a
third of a second for each of some five hundred tests. Here only the tables that hold rows are emptied, by DELETE,
which waits for nobody who still reads, too. The rows of schemas other than `public`, a flush does not reach at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql

#: What the migrations wrote, and nothing but another migration changes.
KEPT = ["django_migrations", "django_content_type", "auth_permission"]
_TABLES = """
    SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname = ANY(%s) AND relname <> ALL(%s)
"""


def empty(schemas: Iterable[str]) -> None:
    """Delete the rows of all tables of the schemas, in one transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [list(schemas), KEPT])
        tables = [sql.Identifier(schema, table) for schema, table in cursor.fetchall()]
        looks = [
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(place, table)
            for place, table in enumerate(tables)
        ]
        if not looks:
            return
        cursor.execute(sql.SQL(" UNION ALL ").join(looks).as_string(None))
        full = [sql.SQL("DELETE FROM {}").format(tables[place]) for (place,) in cursor.fetchall()]
        if full:
            # One string of several statements is one transaction: keys among the tables are checked at its end.
            cursor.execute(sql.SQL("; ").join(full).as_string(None))


def _empty_public(case: Any) -> None:
    empty(["public"])


def instead_of_flush() -> None:
    """Let every test that commits be cleaned up after this way."""
    TransactionTestCase._fixture_teardown = _empty_public  # type: ignore[method-assign]
