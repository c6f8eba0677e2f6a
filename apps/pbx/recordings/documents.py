"""Recordings as the API shows them: KAZOO's `call_recordings` document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.foundation.kit.clock import to_gregorian
from apps.foundation.storage.models import StoredFile
from apps.pbx.recordings.models import Recording
from apps.pbx.recordings.wanting import Wanted

#: Keys of a list's rows, in this order.
SUMMARY = (
    "id",
    "call_id",
    "cdr_id",
    "interaction_id",
    "name",
    "description",
    "direction",
    "caller_id_name",
    "caller_id_number",
    "callee_id_name",
    "callee_id_number",
    "from",
    "to",
    "request",
    "start",
    "duration",
    "duration_ms",
    "content_type",
    "media_type",
    "media_source",
    "source_type",
    "origin",
    "owner_id",
    "url",
    "state",
)
#: Keys of the document that paths of storages may be made of.
_WORDS = ("direction", "caller_id_number", "caller_id_name", "callee_id_number", "callee_id_name", "from", "to")
EXTENSIONS = {"audio/mpeg": "mp3", "audio/wav": "wav"}


def recording_document(recording: Recording) -> dict[str, Any]:
    """`start` in Gregorian seconds; `delivery` tells of the copy that was asked for, where one was."""
    wanted = Wanted.read(recording.wanted)
    found = {
        **recording.document,
        "id": recording.id,
        "call_id": recording.call_id,
        "interaction_id": recording.interaction_id,
        "owner_id": recording.owner_id,
        "name": recording.name,
        "origin": recording.origin,
        "label": wanted.label,
        "state": recording.state,
        "start": to_gregorian(recording.started),
        "duration": recording.milliseconds // 1000,
        "duration_ms": recording.milliseconds,
        "content_type": recording.content_type,
        "media_type": EXTENSIONS.get(recording.content_type, "wav"),
        "media_source": "recorded",
        "source_type": "call_recording",
        "url": wanted.url,
    }
    if recording.delivery:
        found["delivery"] = {
            "state": recording.delivery,
            "attempts": recording.delivery_attempts,
            "error": recording.delivery_error,
        }
    return {name: value for name, value in found.items() if value != ""}


def file_name(recording: Recording) -> str:
    """What a download is called."""
    base, _, ending = recording.name.rpartition(".")
    name = base if ending in EXTENSIONS.values() else recording.name
    return f"{name or recording.id}.{EXTENSIONS.get(recording.content_type, 'wav')}"


def words_of(file: StoredFile) -> dict[str, str]:
    """What is known of a recording, for the paths of storages: words of `path_template`."""
    recording = Recording.objects.filter(file_id=file.id).first()
    if recording is None:
        return {}
    told = {name: str(recording.document.get(name) or "") for name in _WORDS}
    return told | {
        "call_id": recording.call_id,
        "interaction_id": recording.interaction_id,
        "recording_id": recording.id,
    }


def recordings_of(user_id: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """A person's recordings, each with its file's id."""
    for recording in Recording.objects.filter(owner_id=user_id).iterator(500):
        yield recording_document(recording), [recording.file_id]
