"""Every write of a recording, inside `account_scope`.

A recording is written down before the switch begins with it, and its file is announced as expected. It is complete when
it is stopped or when the record of its channel comes in, whoever handled the call; a task then fetches the file.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction

from apps.foundation.accounts.scope import AccountUnknown, account_scope, current_account_id, hold_account
from apps.foundation.audit.actions import record
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.outbox import enqueue
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal, system_principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import ensure_partition, first_of_month
from apps.foundation.storage.actions import open_file
from apps.foundation.storage.models import FileKind, StoredFile
from apps.foundation.storage.queries import find_file
from apps.pbx.recordings.documents import recording_document
from apps.pbx.recordings.events import RecordingChanged, RecordingReady
from apps.pbx.recordings.models import DeliveryState, Recording, RecordingState
from apps.pbx.recordings.queries import cdr_of, running
from apps.pbx.recordings.wanting import Wanted
from apps.switching.calls.files import drop_recorded, expect_recorded, recording_ended

log = logging.getLogger(__name__)
TYPE = "call_recording"
#: How much later than its limit a recording may end: it begins with the answer, or with the conversation.
WAITS = timedelta(hours=6)
MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """The channel that is recorded. `details` are fields of the API's document."""

    call_id: str
    switch: str
    interaction_id: str = ""
    owner_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registered:
    """`ids` of everything recorded of the channel so far, this one last."""

    recording: Recording
    ids: tuple[str, ...]


def file_for(account_id: str, recording_id: str) -> str:
    """The relative name of the file on the switch."""
    return f"{account_id}/{recording_id}.wav"


def new_recording_id() -> str:
    return monthly_id(now())


@transaction.atomic
def register(recording_id: str, path: str, call: RecordedCall, wanted: Wanted) -> Registered | None:
    """Write down that `path` (absolute on the switch) is going to be recorded. None where the same rule has the call
    recorded already."""
    hold_account()
    if wanted.once and running(call.call_id).filter(origin=wanted.origin).exists():
        return None
    moment = now()
    ensure_partition(Recording, moment)
    name = wanted.name or f"call_recording_{call.call_id}_{moment:%Y%m%d%H%M%S}"
    waits = MARGIN if not (wanted.after_answer or wanted.after_bridge) else WAITS
    within = timedelta(seconds=wanted.limit) + waits
    file = expect_recorded(FileKind.RECORDING, path, switch=call.switch, name=name, within=within)
    recording = Recording.objects.create(
        id=recording_id,
        month=first_of_month(moment).date(),
        account_id=current_account_id(),
        owner_id=(wanted.owner_id or call.owner_id)[:32],
        call_id=call.call_id[:64],
        switch=call.switch[:64],
        interaction_id=call.interaction_id[:64],
        file_id=file.id,
        name=name[:255],
        origin=wanted.origin[:255],
        started=moment,
        delivery=DeliveryState.PENDING if wanted.url else "",
        wanted=wanted.written(),
        document=call.details,
    )
    publish(_changed("RECORD_START", recording))
    ids = Recording.objects.filter(call_id=call.call_id).order_by("started", "id").values_list("id", flat=True)
    return Registered(recording, tuple(ids))


@transaction.atomic
def complete(recording_ids: Iterable[str]) -> int:
    """The switch has written them to the end: have their files fetched. Answers how many were still running."""
    hold_account()
    rows = Recording.objects.select_for_update(of=("self",)).filter(
        id__in=list(recording_ids), state=RecordingState.RECORDING
    )
    found = list(rows)
    for recording in found:
        recording.state = RecordingState.AWAITED
        recording.revision += 1
        recording.save(update_fields=["state", "revision"])
    recording_ended(current_account_id(), [recording.file_id for recording in found])
    publish(*(_changed("RECORD_STOP", recording) for recording in found))
    return len(found)


@transaction.atomic
def drop(recording_ids: Iterable[str]) -> None:
    """There is nothing of them: nobody answered, or nothing was said."""
    hold_account()
    for recording in Recording.objects.filter(id__in=list(recording_ids)):
        _remove(recording)


def channel_ended(account_id: str, recording_ids: Sequence[str], *, was_answered: bool) -> None:
    """The record of a channel came in: what was recorded of it is complete. Again and again is as good as once."""
    try:
        with account_scope(account_id):
            complete(recording_ids) if was_answered else drop_unfinished(recording_ids)
    except AccountUnknown:
        log.info("the recordings %s are of no account", ", ".join(recording_ids))


def drop_unfinished(recording_ids: Iterable[str]) -> None:
    """`drop` for those that nobody stopped: recordings begin with the answer."""
    waiting = Recording.objects.filter(id__in=list(recording_ids), state=RecordingState.RECORDING)
    drop(list(waiting.values_list("id", flat=True)))


def take_in(file: StoredFile) -> None:
    """The sound of a recording is here. One that is too short is not kept."""
    recording = Recording.objects.select_for_update(of=("self",)).filter(file_id=file.id).first()
    milliseconds = _length(file)
    if recording is None:
        recording = _adopted(file, milliseconds)
    if milliseconds <= 0 or milliseconds < Wanted.read(recording.wanted).minimum * 1000:
        log.info("recording %s: %d ms are not kept", recording.id, milliseconds)
        transaction.on_commit(partial(_drop_later, recording.account_id, recording.id))
        return
    recording.state, recording.milliseconds = RecordingState.STORED, milliseconds
    if recording.switch:
        recording.document = {**recording.document, "cdr_id": cdr_of(recording)}
    recording.revision += 1
    recording.save(update_fields=["state", "milliseconds", "document", "revision"])
    _finish_soon(recording.account_id, recording.id)


@transaction.atomic
def finished(recording: Recording, content_type: str, file_id: str) -> None:
    """The sound is as it was asked for: announce it."""
    recording.content_type, recording.file_id, recording.is_finished = content_type, file_id, True
    recording.revision += 1
    recording.save(update_fields=["content_type", "file_id", "is_finished", "revision"])
    publish(
        DocumentChanged(recording.account_id, "doc_created", TYPE, recording.id),
        RecordingReady(recording.account_id, recording.id, recording_document(recording)),
    )


@transaction.atomic
def note_delivery(recording: Recording, state: str, error: str = "") -> None:
    """What came of sending a copy to the customer's address."""
    recording.delivery, recording.delivery_error = state, error[:255]
    recording.delivery_attempts += 1
    recording.revision += 1
    recording.save(update_fields=["delivery", "delivery_error", "delivery_attempts", "revision"])


@transaction.atomic
def delete_recording(recording: Recording, principal: Principal, *, hard: bool = False) -> Recording:
    """Delete it with its sound, for good."""
    hold_account()
    before = recording_document(recording)
    _remove(recording)
    record(principal, f"{TYPE}.deleted", TYPE, recording.id, before, {})
    publish(DocumentChanged(recording.account_id, "doc_deleted", TYPE, recording.id))
    return recording


def remove_recording_of(file: StoredFile) -> None:
    """The file is older than the account's storage plan keeps recordings: it goes, and what is known of it."""
    for recording in Recording.objects.filter(file_id=file.id):
        delete_recording(recording, system_principal(file.account_id), hard=True)


def erase_recordings_of(user_id: str, principal: Principal) -> int:
    """Remove the recordings that are a person's, for good; how many."""
    doomed = list(Recording.objects.filter(owner_id=user_id))
    for recording in doomed:
        delete_recording(recording, principal, hard=True)
    return len(doomed)


@transaction.atomic
def note_download(recording: Recording, principal: Principal) -> None:
    """Somebody listens to a conversation: the audit trail says who."""
    hold_account()
    record(principal, f"{TYPE}.downloaded", TYPE, recording.id, {}, {})


def _adopted(file: StoredFile, milliseconds: int) -> Recording:
    """What a switch recorded without anybody having registered it: a conference. It is named after what it is of."""
    hold_account()
    started = file.created - timedelta(milliseconds=milliseconds)
    ensure_partition(Recording, started)
    return Recording.objects.create(
        id=monthly_id(started),
        month=first_of_month(started).date(),
        account_id=current_account_id(),
        call_id=file.name[:64],
        file_id=file.id,
        name=file.name,
        origin=file.name.partition("-")[0],
        state=RecordingState.AWAITED,
        started=started,
        wanted=Wanted().written(),
    )


def _remove(recording: Recording) -> None:
    file = find_file(recording.file_id) if recording.file_id else None
    if file is not None:
        drop_recorded(file)
    Recording.objects.filter(id=recording.id).delete()


def _drop_later(account_id: str, recording_id: str) -> None:
    with account_scope(account_id):
        drop([recording_id])


def _finish_soon(account_id: str, recording_id: str) -> None:
    from apps.pbx.recordings.tasks import finish_recording

    enqueue(finish_recording, account_id, recording_id)


def _changed(name: str, recording: Recording) -> RecordingChanged:
    return RecordingChanged(
        recording.account_id, name, recording.id, recording.call_id, recording.name, recording.origin
    )


def _length(file: StoredFile) -> int:
    """Milliseconds of sound; 0 for what is no sound."""
    import soundfile

    try:
        with open_file(file) as opened, soundfile.SoundFile(opened) as sound:
            return int(sound.frames * 1000 // sound.samplerate)
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OSError):
        log.exception("the recorded file %s cannot be read", file.id)
        return 0
