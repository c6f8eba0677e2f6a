"""Every write of a conference's document."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.pbx.conferences.documents import ConferenceDocument
from apps.pbx.conferences.models import Conference
from apps.pbx.conferences.queries import numbered
from apps.pbx.endpoints.members import refuse_unknown

_NUMBERED = (("conference_numbers",), ("member", "numbers"), ("moderator", "numbers"))


@transaction.atomic
def create_conference(document: dict[str, Any], principal: Principal) -> Conference:
    """Raises ValidationFailed: an owner that does not exist, a number another conference has, a PIN of both roles."""
    return create_document(Conference, _checked(document), principal)


@transaction.atomic
def replace_conference(conference: Conference, document: dict[str, Any], principal: Principal) -> Conference:
    """As `create_conference`."""
    return replace_document(conference, _checked(document, conference), principal)


@transaction.atomic
def delete_conference(conference: Conference, principal: Principal, *, hard: bool = False) -> Conference:
    """Who is in it stays there; nobody comes in any more."""
    return delete_document(conference, principal, hard=hard)


def _checked(document: dict[str, Any], before: Conference | None = None) -> dict[str, Any]:
    document = validated(ConferenceDocument, document)
    known = [("user", before.owner_id)] if before is not None and before.owner_id else []
    if document.get("owner_id"):
        refuse_unknown({"owner_id": ("user", document["owner_id"])}, known)
    both = set(document["member"]["pins"]) & set(document["moderator"]["pins"])
    if both:
        message = _("A PIN makes somebody either a member or a moderator")
        raise ValidationFailed.of("moderator.pins", "unique", message, value=min(both))
    for path in _NUMBERED:
        numbers = _at(document, path)
        twice = [number for number, count in Counter(numbers).items() if count > 1]
        taken = [number for number in numbers if _others(before).filter(numbered(number)).exists()]
        if twice:
            raise ValidationFailed.of(".".join(path), "uniqueItems", _("List of items is not unique"), value=twice[0])
        if taken:
            message = _("Another conference of the account has this number")
            raise ValidationFailed.of(".".join(path), "unique", message, value=taken[0])
    return document


def _at(document: dict[str, Any], path: tuple[str, ...]) -> list[str]:
    found: Any = document
    for name in path:
        found = found[name]
    return list(found)


def _others(conference: Conference | None) -> Any:
    rows = Conference.objects.all()
    return rows.exclude(id=conference.id) if conference is not None else rows
