"""The database as the switch's questions use it: a small pool of its own, statements prepared once, shared tables only.

The ORM and its thread would cost more than the query. When the database is away every question would wait for it; so
after a failure the next ones fail at once for a second.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

log = logging.getLogger(__name__)

WAIT_SECONDS = 1.0
REST_SECONDS = 1.0
Row = dict[str, Any]
Pool = AsyncConnectionPool[psycopg.AsyncConnection[Row]]


class DatabaseAway(Exception):
    """The directory cannot be read now."""


class Store:
    """One per event loop. `queries` counts what was asked of the database."""

    def __init__(self) -> None:
        self.queries = 0
        self._pool: Pool | None = None
        self._rest_until = 0.0

    async def row(self, statement: str, parameters: Mapping[str, Any]) -> Row | None:
        """The first row, None where there is none. Raises DatabaseAway within about a second."""
        rows = await self.rows(statement, parameters)
        return rows[0] if rows else None

    async def rows(self, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
        if time.monotonic() < self._rest_until:
            raise DatabaseAway("failed a moment ago")
        try:
            pool = await self._opened()
            async with asyncio.timeout(2 * WAIT_SECONDS), pool.connection(timeout=WAIT_SECONDS) as taken:
                self.queries += 1
                cursor = await taken.execute(statement, parameters, prepare=True)
                return await cursor.fetchall()
        except (psycopg.OperationalError, PoolTimeout, TimeoutError, OSError) as error:
            self._rest_until = time.monotonic() + REST_SECONDS
            log.error("the directory cannot be read: %s", error)
            raise DatabaseAway(str(error)) from error

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def _opened(self) -> Pool:
        if self._pool is None:
            settings = connection.settings_dict
            options = {key: value for key, value in settings["OPTIONS"].items() if key != "pool"}
            self._pool = AsyncConnectionPool(
                kwargs={
                    **options,
                    "host": settings["HOST"],
                    "port": settings["PORT"],
                    "user": settings["USER"],
                    "password": settings["PASSWORD"],
                    "dbname": settings["NAME"],
                    "autocommit": True,
                    "row_factory": dict_row,
                    "connect_timeout": 2,
                    "options": "-c statement_timeout=2000 -c search_path=public",
                    "application_name": "kazoo-switch-questions",
                },
                min_size=0,
                max_size=4,
                open=False,
                reconnect_timeout=2,
            )
            await self._pool.open()
        return self._pool


_stores: WeakKeyDictionary[asyncio.AbstractEventLoop, Store] = WeakKeyDictionary()


def store() -> Store:
    """The running loop's store."""
    return _stores.setdefault(asyncio.get_running_loop(), Store())
