"""Reads about conferences. Everything here runs inside the account's scope."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from apps.foundation.accounts.scope import current_account_id
from apps.pbx.conferences.documents import ConferenceSettings
from apps.pbx.conferences.models import Conference
from apps.switching.rooms.queries import members_of, rooms_of


@dataclass(frozen=True, slots=True)
class Opened:
    """A conference somebody wants to join. `id` is also that of one made up for a call (`conference_feature`)."""

    id: str
    name: str
    settings: ConferenceSettings


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Who is in a conference now."""

    members: int = 0
    moderators: int = 0
    is_locked: bool = False
    switch: str = ""

    @property
    def participants(self) -> int:
        return self.members + self.moderators


def open_conference(conference_id: str) -> Opened | None:
    """None where the account has no such conference. Raises pydantic's ValidationError."""
    found = Conference.objects.filter(id=conference_id).first()
    return _opened(found) if found is not None else None


def conference_by_number(number: str) -> Opened | None:
    """The conference a caller keyed in."""
    if not number:
        return None
    found = Conference.objects.filter(numbered(number)).order_by("created").first()
    return _opened(found) if found is not None else None


def numbered(number: str) -> Q:
    """Conferences that can be reached by this number."""
    return (
        Q(document__conference_numbers__contains=[number])
        | Q(document__member__numbers__contains=[number])
        | Q(document__moderator__numbers__contains=[number])
    )


def occupancy_of(conference_id: str) -> Occupancy:
    account_id = current_account_id()
    room = rooms_of(account_id, [conference_id]).get(conference_id)
    people = members_of(account_id, [conference_id]).get(conference_id, [])
    moderators = sum(one.is_moderator for one in people)
    return Occupancy(
        len(people) - moderators, moderators, room is not None and room.is_locked, room.switch if room else ""
    )


def _opened(row: Conference) -> Opened:
    document: dict[str, Any] = row.document
    return Opened(row.id, row.name, ConferenceSettings.model_validate(document))


def made_up_id(of: str) -> str:
    """The id of a conference that has no document, by what tells it from the account's others."""
    return hashlib.sha256(f"made up: {of}".encode()).hexdigest()[:32]
