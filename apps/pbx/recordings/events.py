"""What this app announces: in KAZOO's words `call.RECORD_START.<call id>`, `call.RECORD_STOP.<call id>` and
`object.doc_created.call_recording.<id>`, and `recording.ready.<id>` when the sound is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.foundation.events.event import Event
from apps.foundation.kit.clock import now, to_gregorian


@dataclass(frozen=True, slots=True)
class RecordingChanged(Event):
    """A call began to be recorded, or is recorded no longer. `name` is RECORD_START or RECORD_STOP."""

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = ("call.RECORD_START.{call_id}", "call.RECORD_STOP.{call_id}")

    name: str
    id: str
    call_id: str
    media_name: str
    origin: str

    @classmethod
    def examples(cls) -> Sequence[Event]:
        recording_id = "202611-0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        of = ("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "RECORD_START", recording_id)
        return [cls(*of, "c0ffee00-1111-2222-3333-444455556666", "call.wav", "inbound from offnet to user")]

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

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = ("recording.ready.{media_recording_id}",)

    id: str
    document: dict[str, Any]

    @classmethod
    def examples(cls) -> Sequence[Event]:
        recording_id = "202611-0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        document = {
            "id": recording_id,
            "name": "call.wav",
            "call_id": "c0ffee00-1111-2222-3333-444455556666",
            "duration": 42,
        }
        return [cls("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", recording_id, document)]

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
