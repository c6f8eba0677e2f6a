"""What this app announces, in KAZOO's words: `call.RECORD_START.<call id>`, `call.RECORD_STOP.<call id>`, and
`object.doc_created.call_recording.<id>` when the sound is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.foundation.events.event import Event
from apps.foundation.kit.clock import now, to_gregorian


@dataclass(frozen=True, slots=True)
class RecordingChanged(Event):
    """`name` is RECORD_START or RECORD_STOP."""

    name: str
    id: str
    call_id: str
    media_name: str
    origin: str

    @property
    def key(self) -> str:
        return f"call.{self.name}.{self.call_id}"

    def data(self) -> dict[str, Any]:
        return {
            "event_category": "call_event",
            "event_name": self.name,
            "timestamp": to_gregorian(now()),
            "account_id": self.account_id,
            "call_id": self.call_id,
            "media_recording_id": self.id,
            "media_name": self.media_name,
            "media_recording_origin": self.origin,
        }


@dataclass(frozen=True, slots=True)
class RecordingReady(Event):
    """The sound of a recording is stored and can be fetched. `document` is what the API shows."""

    id: str
    document: dict[str, Any]

    @property
    def key(self) -> str:
        return f"recording.ready.{self.id}"

    def data(self) -> dict[str, Any]:
        return {
            "event_category": "recording",
            "event_name": "ready",
            "account_id": self.account_id,
            "media_recording_id": self.id,
            **self.document,
        }
