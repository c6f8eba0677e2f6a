"""Making a schema like another one: tables, constraints and indexes with the names they have there, without rows.

The definitions are asked of PostgreSQL while the source is first on the search path, and run while the target is: a
reference to a table of the source then means the target's, one to a shared table stays what it is. Monthly partitions
are not copied; they appear with their first row. What a tenant's schema has no use for (views, functions, triggers,
sequences of their own) is refused, so that it cannot be forgotten silently.
"""

import re

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

_TABLES = """
    SELECT c.oid, c.relname, pg_get_partkeydef(c.oid) FROM pg_class c
    WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
"""
_CONSTRAINTS = """
    SELECT r.relname, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    WHERE c.conrelid = ANY(%s) AND c.contype IN ('p', 'u', 'x', 'f') AND c.conparentid = 0
    ORDER BY c.contype = 'f', r.relname, c.conname
"""
_INDEXES = """
    SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = ANY(%s)
    AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid)
    ORDER BY i.indexrelid::regclass::text
"""
_UNSUPPORTED = """
    SELECT 'view ' || relname FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND relkind IN ('v', 'm', 'f')
    UNION ALL
    SELECT 'sequence ' || c.relname FROM pg_class c WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'S'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')
    UNION ALL
    SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
    UNION ALL
    SELECT 'trigger ' || tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = %(schema)s::regnamespace AND NOT t.tgisinternal
"""
_LIKE = ("DEFAULTS", "CONSTRAINTS", "GENERATED", "IDENTITY", "STORAGE", "COMMENTS", "STATISTICS", "COMPRESSION")


class CannotBeCloned(Exception):
    """The source schema holds something that is not copied."""


def clone_schema(source: str, target: str) -> None:
    """Create `target` like `source`, in the caller's transaction. Raises CannotBeCloned."""
    with connection.cursor() as cursor:  # one cursor throughout: a new one may set the search path back
        cursor.execute(_UNSUPPORTED, {"schema": source})
        if unsupported := [name for (name,) in cursor.fetchall()]:
            raise CannotBeCloned(f"schema {source} holds {', '.join(unsupported)}")
        _look_at(cursor, source)
        cursor.execute(_TABLES, [source])
        tables = cursor.fetchall()
        oids = [oid for oid, _, _ in tables]
        statements = [_create_table(source, target, name, partition_key) for _, name, partition_key in tables]
        cursor.execute(_CONSTRAINTS, [oids])
        statements += [_add_constraint(target, *constraint) for constraint in cursor.fetchall()]
        cursor.execute(_INDEXES, [oids])
        statements += [_create_index(source, target, definition) for (definition,) in cursor.fetchall()]
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(target)).as_string(None))
        _look_at(cursor, target)
        cursor.execute("; ".join(statements))
    connection.search_path_set_schemas = None  # type: ignore[attr-defined]  # have it set again for the next query


def _create_table(source: str, target: str, name: str, partition_key: str | None) -> str:
    like = sql.SQL(" ").join(sql.SQL(f"INCLUDING {what}") for what in _LIKE)
    create = sql.SQL("CREATE TABLE {} (LIKE {} {})").format(
        sql.Identifier(target, name), sql.Identifier(source, name), like
    )
    return create.as_string(None) + (f" PARTITION BY {partition_key}" if partition_key else "")


def _add_constraint(target: str, table: str, name: str, definition: str) -> str:
    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(sql.Identifier(target, table), sql.Identifier(name))
    return add.as_string(None) + definition


def _create_index(source: str, target: str, definition: str) -> str:
    """PostgreSQL names an index's table with its schema, and says ONLY where it is partitioned."""
    return re.sub(rf' ON (ONLY )?"?{re.escape(source)}"?\.', f' ON "{target}".', definition, count=1)


def _look_at(cursor: CursorWrapper, schema: str) -> None:
    cursor.execute(sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(schema)).as_string(None))
