"""Reads about conferences that are going on. Rows are shared by all accounts: every read names the account."""

from __future__ import annotations

from collections.abc import Iterable

from apps.switching.rooms.models import LiveMember, LiveRoom


def room_name(account_id: str, conference_id: str) -> str:
    """What the switch calls an account's conference."""
    return f"{account_id}-{conference_id}"


def rooms_of(account_id: str, conference_ids: Iterable[str]) -> dict[str, LiveRoom]:
    """The conferences among these that are going on, by id."""
    rows = LiveRoom.objects.filter(account_id=account_id, conference_id__in=list(conference_ids))
    return {row.conference_id: row for row in rows}


def members_of(account_id: str, conference_ids: Iterable[str]) -> dict[str, list[LiveMember]]:
    """Who is in these conferences, in the order in which they came."""
    found: dict[str, list[LiveMember]] = {}
    for row in LiveMember.objects.filter(account_id=account_id, conference_id__in=list(conference_ids)):
        found.setdefault(row.conference_id, []).append(row)
    return found
