"""Call records as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.utils import format_datetime
from typing import Any

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.kit.clock import GREGORIAN_OFFSET, to_gregorian

#: Keys of a list's rows and of the CSV, in this order.
SUMMARY = (
    "id",
    "call_id",
    "caller_id_name",
    "caller_id_number",
    "callee_id_name",
    "callee_id_number",
    "dialed_number",
    "from",
    "to",
    "request",
    "direction",
    "call_type",
    "duration_seconds",
    "billing_seconds",
    "ringing_seconds",
    "timestamp",
    "unix_timestamp",
    "rfc_1036",
    "iso_8601",
    "datetime",
    "hangup_cause",
    "hangup_code",
    "other_leg_call_id",
    "interaction_id",
    "interaction_time",
    "interaction_key",
    "media_server",
    "authorizing_id",
    "owner_id",
    "recording_id",
    "media_recordings",
)


def record_document(record: CallRecord) -> dict[str, Any]:
    """crossbar's `cdrs` document. `timestamp` is when the leg began, in Gregorian seconds."""
    time, _, key = record.interaction_id.partition("-")
    found = {
        **record.document,
        "id": record.id,
        "call_id": record.call_id,
        "caller_id_name": record.caller_id_name,
        "caller_id_number": record.caller_id_number,
        "callee_id_name": record.callee_id_name,
        "callee_id_number": record.callee_id_number,
        "dialed_number": record.dialed_number,
        "from": record.from_uri,
        "to": record.to_uri,
        "request": record.request_uri,
        "direction": record.direction,
        "call_direction": record.direction,
        "call_type": record.call_kind,
        "duration_seconds": record.duration_seconds,
        "billing_seconds": record.billing_seconds,
        "ringing_seconds": record.ringing_seconds,
        "timestamp": to_gregorian(record.started),
        "unix_timestamp": to_gregorian(record.started) - GREGORIAN_OFFSET,
        "rfc_1036": format_datetime(record.started, usegmt=True),
        "iso_8601": f"{record.started:%Y-%m-%d}",
        "datetime": f"{record.started:%Y-%m-%d %H:%M:%S}",
        "answered_timestamp": to_gregorian(record.answered) if record.answered else "",
        "ended_timestamp": to_gregorian(record.ended),
        "hangup_cause": record.hangup_cause,
        "hangup_code": record.hangup_code,
        "other_leg_call_id": record.other_leg_call_id,
        "interaction_id": record.interaction_id,
        "interaction_time": int(time) if time.isdigit() else "",
        "interaction_key": key,
        "media_server": record.switch,
        "authorizing_id": record.authorizing_id,
        "authorizing_type": record.authorizing_type,
        "owner_id": record.owner_id,
        "callflow_id": record.callflow_id,
    }
    return {name: value for name, value in found.items() if value != ""}


def conversations(rows: Iterable[CallRecord]) -> list[dict[str, Any]]:
    """One row for each interaction, newest first: its first leg, how many legs it has, and whether it was answered."""
    together: dict[str, list[CallRecord]] = {}
    for row in rows:
        together.setdefault(row.interaction_id or row.call_id, []).append(row)
    found = []
    for legs in together.values():
        legs.sort(key=lambda leg: (leg.direction != "inbound", leg.started, leg.id))
        summary = record_document(legs[0])
        found.append(
            {key: summary[key] for key in SUMMARY if key in summary}
            | {"legs_count": len(legs), "answered": any(leg.answered for leg in legs)}
        )
    return found


def records_of(owner_id: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """A person's call records; they have no files."""
    for record in CallRecord.objects.filter(owner_id=owner_id).iterator(500):
        yield record_document(record) | {"id": record.id}, []
