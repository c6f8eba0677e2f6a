"""Which websockets are open, for the `websockets` resource. Kept in Valkey, where every web process writes its own.

A session's entry lives two minutes and is renewed each minute, so that a process that dies leaves no ghosts.
"""

import json
from typing import Any, cast

import redis.asyncio

from apps.foundation.events.publishing import client

LIFETIME_SECONDS = 120


def _key(account_id: str, session_id: str) -> str:
    return f"kazoo:websocket:{account_id}:{session_id}"


async def remember(connection: "redis.asyncio.Redis", account_id: str, session: dict[str, Any]) -> None:
    key = _key(account_id, session["websocket_session_id"])
    await connection.set(key, json.dumps(session), ex=LIFETIME_SECONDS)


async def forget(connection: "redis.asyncio.Redis", account_id: str, session_id: str) -> None:
    await connection.delete(_key(account_id, session_id))


def open_sessions(account_id: str) -> list[dict[str, Any]]:
    """O(keys in the cache): a page an administrator opens now and then, not a hot path."""
    keys = list(client().scan_iter(_key(account_id, "*"), count=1000))
    values = cast("list[bytes | None]", client().mget(keys)) if keys else []
    sessions = [json.loads(value) for value in values if value]
    return sorted(sessions, key=lambda session: session["timestamp"])


def open_session(account_id: str, session_id: str) -> dict[str, Any] | None:
    value = cast("bytes | None", client().get(_key(account_id, session_id)))
    return cast("dict[str, Any]", json.loads(value)) if value else None
