"""What must hold of the database before a process serves anybody."""

from apps.foundation.tenants.raw import Session, raw_session

_MARKER = "kazoo.session_check"


class TransactionPooling(Exception):
    """The database is reached through a pooler that changes the server connection between transactions."""


def refuse_transaction_pooling() -> None:
    """Raise TransactionPooling where session settings do not outlive a transaction.

    The schema of a tenant is the session's `search_path`. Behind PgBouncer in transaction mode the next transaction may
    run on another server connection, whose search path is another tenant's; measured, most answers were then wrong.
    PgBouncer says its mode only on its admin console, which an application's user may not open; so this looks at what
    matters: two sessions at once must each keep a setting of their own.
    """
    with raw_session() as first, raw_session() as second:
        if not keep_settings(first, second):
            raise TransactionPooling(
                "DATABASE_URL leads through a pooler in transaction mode, which would mix tenants. Set PgBouncer's "
                "pool_mode = session, or name PostgreSQL itself.\n"
                "  Example: DATABASE_URL=postgresql://kazoo:secret@db.example.com:5432/kazoo"
            )


def keep_settings(first: Session, second: Session) -> bool:
    """Whether each session still has what it was told after the other was told something else."""
    for name, session in (("first", first), ("second", second)):
        session.execute("SELECT set_config(%s, %s, false)", [_MARKER, name])
    return _setting(first) == "first" and _setting(second) == "second"


def _setting(session: Session) -> object:
    row = session.execute("SELECT current_setting(%s, true)", [_MARKER]).fetchone()
    return row[0] if row else None
