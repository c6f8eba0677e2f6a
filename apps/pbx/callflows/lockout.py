"""Wrong PINs, counted across calls: whoever guesses is turned away before he has guessed all of them.

What is counted is kept in Valkey, for an hour since the last wrong one: of a caller, and of everybody together, for a
caller may call himself whatever he likes.
"""

from __future__ import annotations

import hashlib
import logging

import redis

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.events.publishing import client

logger = logging.getLogger(__name__)
KEPT_SECONDS = 3600
#: Wrong PINs of one caller, and of all callers of one door, within that time.
MOST_OF_CALLER, MOST_OF_ALL = 9, 60


def is_locked(door: str, caller: str) -> bool:
    """Whether too many wrong PINs were keyed in at this door of the scope's account. True where nobody can say."""
    try:
        counts = client().mget(_keys(door, caller))
    except redis.RedisError:
        logger.warning("wrong PINs cannot be counted", exc_info=True)
        return True
    of_caller, of_all = (int(found or 0) for found in counts)
    return of_caller >= MOST_OF_CALLER or of_all >= MOST_OF_ALL


def note_wrong_pin(door: str, caller: str) -> None:
    """Count one more."""
    try:
        with client().pipeline() as pipeline:
            for key in _keys(door, caller):
                pipeline.incr(key)
                pipeline.expire(key, KEPT_SECONDS)
            pipeline.execute()
    except redis.RedisError:
        logger.warning("a wrong PIN could not be counted", exc_info=True)


def forgive(door: str, caller: str) -> None:
    """The right PIN was keyed in: the caller begins anew."""
    try:
        client().delete(_keys(door, caller)[0])
    except redis.RedisError:
        logger.warning("wrong PINs could not be forgotten", exc_info=True)


def _keys(door: str, caller: str) -> tuple[str, str]:
    base = f"kazoo:wrong-pins:{current_account_id()}:{door}"
    return f"{base}:{hashlib.sha256(caller.encode()).hexdigest()[:16]}", base
