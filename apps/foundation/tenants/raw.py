"""A database session outside Django's pool, for what must not share one: locks held for long, checks of the pool."""

import psycopg
from django.db import connection

Session = psycopg.Connection[tuple[object, ...]]


def raw_session() -> Session:
    """A new autocommit session. Its search path is the server's default: name schemas in every statement."""
    parameters = connection.get_connection_params()
    wanted = {key: value for key, value in parameters.items() if key not in {"cursor_factory", "context", "pool"}}
    return psycopg.connect(**wanted, autocommit=True)
