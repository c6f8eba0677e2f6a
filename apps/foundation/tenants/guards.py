"""What must hold of the database before a process serves anybody."""

import psycopg
from django.db import connection

_MARKER = "kazoo.session_check"


class TransactionPooling(Exception):
    """The database is reached through a pooler that changes the server connection between transactions."""


def refuse_transaction_pooling() -> None:
    """Raise TransactionPooling where session settings do not outlive a transaction.

    The schema of a tenant is the session's `search_path`. Behind PgBouncer in transaction mode the next transaction may
    run on another server connection, whose search path is another tenant's; measured, most answers were then wrong.
    PgBouncer says its mode only on its admin console, which an application's user may not open; so this looks at what
    matters: two connections at once must be two server sessions, each keeping a setting of its own.
    """
    parameters = connection.get_connection_params()
    parameters = {key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if parameters.get(key)}
    with (
        psycopg.connect(**parameters, autocommit=True) as first,
        psycopg.connect(**parameters, autocommit=True) as second,
    ):
        first.execute("SELECT set_config(%s, 'first', false)", [_MARKER])
        second.execute("SELECT set_config(%s, 'second', false)", [_MARKER])
        if _kept(first) != "first" or _kept(second) != "second":
            raise TransactionPooling(
                "DATABASE_URL leads through a pooler in transaction mode, which would mix tenants. Set PgBouncer's "
                "pool_mode = session, or name PostgreSQL itself.\n"
                "  Example: DATABASE_URL=postgresql://kazoo:secret@db.example.com:5432/kazoo"
            )


def _kept(session: "psycopg.Connection[tuple[str, ...]]") -> str:
    row = session.execute("SELECT current_setting(%s, true)", [_MARKER]).fetchone()
    return str(row[0]) if row else ""
