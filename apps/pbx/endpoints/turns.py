"""In which order the members of a group have their turn. Runs inside `account_scope`."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import redis
from django.db.models import Max, Q

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.events.publishing import client
from apps.foundation.kit.clock import now
from apps.foundation.kit.partitions import first_of_month
from apps.pbx.endpoints.legs import Member
from apps.pbx.endpoints.queries import busy_among

logger = logging.getLogger(__name__)
#: Whose last call is longer ago has been idle for ever.
IDLE_DAYS = 31
#: A group nobody calls for so long begins with its first member again.
REMEMBERED_SECONDS = 90 * 24 * 3600
_EVER_IDLE = datetime.min.replace(tzinfo=now().tzinfo)


def weighted_order(members: Sequence[Member], source: random.Random | None = None) -> list[Member]:
    """A random order in which a member of weight 40 comes first twice as often as one of weight 20.

    Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): sort by u^(1/w).
    """
    chance = source or random.SystemRandom()
    return sorted(members, key=lambda member: chance.random() ** (1 / max(1, member.weight)), reverse=True)


def rotated(members: Sequence[Member]) -> list[Member]:
    """The members from the one after whoever began last time, for every call server together.

    The count is kept in Valkey, by who is in the group; where that is away, somebody begins by chance.
    """
    if len(members) < 2:
        return list(members)
    who = ",".join(sorted(f"{member.type}/{member.id}" for member in members))
    key = f"kazoo:turns:{current_account_id()}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    try:
        with client().pipeline() as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, REMEMBERED_SECONDS)
            start = (int(pipeline.execute()[0]) - 1) % len(members)
    except redis.RedisError:
        logger.warning("a group's turn cannot be counted", exc_info=True)
        start = random.SystemRandom().randrange(len(members))
    return [*members[start:], *members[:start]]


def longest_idle_first(members: Sequence[Member], interaction_id: str = "") -> list[Member]:
    """The members by when their last answered call ended, the longest ago first; those who have a call come last.

    Calls that have ended are in the call records, the others in the table of live channels, whichever process handles
    the call. Two queries.
    """
    identifiers = [member.id for member in members]
    busy, ended = busy_among(identifiers, interaction_id), _last_calls(identifiers)
    return sorted(members, key=lambda member: (member.id in busy, ended.get(member.id, _EVER_IDLE)))


def _last_calls(identifiers: Iterable[str]) -> dict[str, datetime]:
    """When the last answered call of each device or user ended."""
    wanted = set(identifiers)
    oldest = now() - timedelta(days=IDLE_DAYS)
    records = (
        CallRecord.objects.filter(month__gte=first_of_month(oldest).date(), ended__gte=oldest, billing_seconds__gt=0)
        .filter(Q(authorizing_id__in=wanted) | Q(owner_id__in=wanted))
        .values("authorizing_id", "owner_id")
        .annotate(last=Max("ended"))
    )
    found: dict[str, datetime] = {}
    for row in records:
        for identifier in {row["authorizing_id"], row["owner_id"]} & wanted:
            found[identifier] = max(found.get(identifier, _EVER_IDLE), row["last"])
    return found
