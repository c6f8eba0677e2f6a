"""Making a fetched recording what was asked for: its format, and a copy at the customer's address."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from django.db import transaction

from apps.foundation.kit.outbound import NotReachable, send
from apps.foundation.storage.actions import chunks, delete_file, open_file, store_file
from apps.foundation.storage.models import FileKind, StoredFile
from apps.foundation.storage.queries import find_file
from apps.pbx.recordings.actions import finished, note_delivery
from apps.pbx.recordings.documents import file_name
from apps.pbx.recordings.models import DeliveryState, Recording, RecordingState
from apps.pbx.recordings.wanting import Wanted

if TYPE_CHECKING:
    import httpx
    import soundfile

log = logging.getLogger(__name__)
#: Samples converted at a time.
_BLOCK = 65_536
#: MPEG audio has these sample rates only (ISO 11172-3, ISO 13818-3 and its extension).
MPEG_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


class NotDelivered(Exception):
    """Why the customer's address did not take the copy; it may be tried again."""


def finish(recording_id: str) -> bool:
    """Convert it where that is wanted, and announce it. False where there is nothing (left) to do."""
    recording = Recording.objects.filter(id=recording_id, state=RecordingState.STORED, is_finished=False).first()
    file = find_file(recording.file_id) if recording is not None else None
    if recording is None or file is None:
        return False
    wanted = Wanted.read(recording.wanted)
    if wanted.format == "wav" and not wanted.sample_rate:
        finished(recording, file.content_type, file.id)
        return True
    with _converted(file, wanted) as sound, transaction.atomic():
        content_type = "audio/mpeg" if wanted.format == "mp3" else "audio/wav"
        converted = store_file(FileKind.RECORDING, file.name, content_type, sound)
        finished(recording, converted.content_type, converted.id)
        delete_file(file)
    return True


def deliver(recording_id: str) -> None:
    """Send a copy to the customer's address. Raises NotDelivered; what came of it is noted in any case."""
    recording = Recording.objects.filter(id=recording_id, is_finished=True, delivery=DeliveryState.PENDING).first()
    file = find_file(recording.file_id) if recording is not None else None
    if recording is None or file is None:
        return
    try:
        answer = _sent(recording, file)
    except NotReachable as error:
        note_delivery(recording, DeliveryState.PENDING, str(error))
        raise NotDelivered(str(error)) from error
    if answer.is_success:
        note_delivery(recording, DeliveryState.DELIVERED)
        return
    problem = f"the address answered {answer.status_code} {answer.reason_phrase}"
    note_delivery(recording, DeliveryState.PENDING, problem)
    raise NotDelivered(problem)


def give_up(recording_id: str) -> None:
    """No further try; the last one's error stays to be seen."""
    recording = Recording.objects.filter(id=recording_id, delivery=DeliveryState.PENDING).first()
    if recording is not None:
        note_delivery(recording, DeliveryState.FAILED, recording.delivery_error)


def _sent(recording: Recording, file: StoredFile) -> httpx.Response:
    """As KAZOO does: an address that ends in a slash is a folder, the body is the file."""
    wanted = Wanted.read(recording.wanted)
    ending = file_name(recording).rpartition(".")[2]
    url = f"{wanted.url}{recording.id}.{ending}" if wanted.url.endswith("/") else wanted.url
    headers = {
        "Content-Type": file.content_type,
        "Content-Length": str(file.size),
        "X-Kazoo-Recording-Id": recording.id,
        "X-Kazoo-Call-Id": recording.call_id,
    }
    with open_file(file) as opened:
        return send(wanted.method.upper(), url, content=chunks(opened, 0, file.size - 1), headers=headers)


@contextmanager
def _converted(file: StoredFile, wanted: Wanted) -> Iterator[IO[bytes]]:
    import soundfile

    with TemporaryFile() as written:
        with open_file(file) as opened, soundfile.SoundFile(opened) as source:
            rate = _rate(source.samplerate, wanted)
            subtype = "MPEG_LAYER_III" if wanted.format == "mp3" else "PCM_16"
            form = {"format": wanted.format.upper(), "subtype": subtype}
            with soundfile.SoundFile(written, "w", rate, source.channels, **form) as target:
                for block in _blocks(source, rate):
                    target.write(block)
        written.seek(0)
        yield written


def _rate(own: int, wanted: Wanted) -> int:
    rate = wanted.sample_rate or own
    if wanted.format == "mp3" and rate not in MPEG_RATES:
        rate = min(MPEG_RATES, key=lambda known: abs(known - rate))
    return rate


def _blocks(source: soundfile.SoundFile, rate: int) -> Iterator[Any]:
    if rate == source.samplerate:
        yield from source.blocks(_BLOCK, dtype="int16")
        return
    import soxr

    stream = soxr.ResampleStream(source.samplerate, rate, source.channels, dtype="int16")
    for block in source.blocks(_BLOCK, dtype="int16"):
        yield stream.resample_chunk(block, last=source.tell() >= source.frames)
