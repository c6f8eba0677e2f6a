"""What the API says about drafts, versions, traces and explanations, and what it reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from pydantic import Field

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.documents.shape import Shape
from apps.foundation.kit.clock import from_gregorian, now, to_gregorian
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.models import CallflowDraft, CallflowVersion, CallTrace
from apps.pbx.devices.models import Device
from apps.switching.calls.port import CallKind

MOST_DIGITS = 50


class DraftDocument(Shape):
    """A draft of a callflow."""

    name: str = Field("", max_length=128, description="What the draft is for.")
    document: dict[str, Any] | None = Field(None, description="The whole callflow; the present one where absent.")


class Publishing(Shape):
    """Which draft is to be published."""

    draft_id: str = Field(min_length=1, max_length=39, description="The draft.")
    force: bool = Field(False, description="Even where the callflow has changed since the draft began.")


class Reverting(Shape):
    """Which version is to be the present one again."""

    version: int = Field(ge=1, le=2_000_000_000, description="The version's number.")


def draft_document(draft: CallflowDraft, *, whole: bool = True) -> dict[str, Any]:
    """`based_on` is the number of the version the draft began from."""
    found = {
        "id": draft.id,
        "name": draft.name,
        "based_on": draft.based_on,
        "author": draft.author,
        "created": to_gregorian(draft.created),
        "modified": to_gregorian(draft.modified),
    }
    return {**found, "document": draft.document} if whole else found


def version_summary(version: CallflowVersion, current: int) -> dict[str, Any]:
    """`is_current` marks the version that calls follow."""
    return {
        "version": version.number,
        "note": version.note,
        "author_id": version.author_id,
        "author": version.author,
        "created": to_gregorian(version.created),
        "is_current": version.number == current,
    }


def version_document(version: CallflowVersion, current: int) -> dict[str, Any]:
    return {**version_summary(version, current), "document": version.document}


def trace_summary(trace: CallTrace) -> dict[str, Any]:
    return {
        "id": trace.id,
        "call_id": trace.call_id,
        "interaction_id": trace.interaction_id,
        "callflow_id": trace.callflow_id,
        "from": trace.caller_id_number,
        "to": trace.destination,
        "started": to_gregorian(trace.started),
        "ended": to_gregorian(trace.ended) if trace.ended else None,
        "hangup_cause": trace.hangup_cause,
        "steps_count": len(trace.steps),
    }


def trace_document(trace: CallTrace) -> dict[str, Any]:
    """With every step; `at` is ISO 8601 with milliseconds, in UTC."""
    return {**trace_summary(trace), "steps": [{**step, "at": _iso(step.get("at", 0))} for step in trace.steps]}


def asking_of(request: ApiRequest, destination: str) -> Asking:
    """The call a request asks about. `destination` is what was dialled where `to` does not say.

    Raises ValidationFailed for a time that is none and a device that is not the account's.
    """
    query = request.query
    device_id = query.get("device_id", "")
    device = Device.objects.filter(id=device_id).first() if device_id else None
    if device_id and device is None:
        raise ValidationFailed.of("device_id", "missing", _("There is no device with this id"), value=device_id)
    digits = [one for one in query.get("digits", "").split(",") if one][:MOST_DIGITS]
    kind: CallKind = "internal" if device is not None or query.get("call_kind") == "internal" else "inbound"
    return Asking(
        destination=query.get("to", "")[:128] or destination,
        caller_number=query.get("from", "")[:64],
        at=_moment(query.get("at", "")),
        call_kind=kind,
        authorizing_id=device.id if device is not None else "",
        owner_id=(device.owner_id or "") if device is not None else "",
        digits=digits,
    )


def _moment(text: str) -> datetime:
    if not text:
        return now()
    try:
        if text.isascii() and text.isdigit():
            return from_gregorian(int(text))
        # A plus is a blank in a query string.
        moment = datetime.fromisoformat(text.replace(" ", "+", 1) if "T" in text else text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValidationFailed.of("at", "format", _("Not a time: ISO 8601 or Gregorian seconds"), value=text) from None


def _iso(milliseconds: Any) -> str:
    moment = datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
