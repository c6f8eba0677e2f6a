"""The sound of a message as one file, for mails and downloads."""

from __future__ import annotations

import io
from typing import Any

from apps.foundation.storage.actions import read_file
from apps.foundation.storage.errors import NotStored
from apps.foundation.storage.models import StoredFile
from apps.pbx.voicemail.models import Message

#: libsndfile's names by the format asked for; MPEG-4 it does not write.
FORMATS = {"wav": ("WAV", "PCM_16", "audio/wav"), "mp3": ("MP3", "MPEG_LAYER_III", "audio/mpeg")}


class NoSound(LookupError):
    """The message has none, or it is not here yet."""


def extension_of(wanted: str) -> str:
    """`wav` or `mp3`, whichever is given for a format."""
    return wanted if wanted in FORMATS else "mp3"


def sound_of(message: Message, wanted: str) -> tuple[bytes, str]:
    """The introduction and the message in one file, and its media type. Raises NoSound."""
    files = StoredFile.objects.in_bulk([one for one in (message.introduction_id, message.file_id) if one])
    ordered = [files[one] for one in (message.introduction_id, message.file_id) if one in files]
    if not message.file_id or message.file_id not in files:
        raise NoSound(message.id)
    try:
        contents = [read_file(file) for file in ordered]
    except NotStored as error:
        raise NoSound(message.id) from error
    form, subtype, content_type = FORMATS[extension_of(wanted)]
    if len(contents) == 1 and ordered[0].content_type == content_type:
        return contents[0], content_type
    return _encoded([_samples(content) for content in contents], form, subtype), content_type


def plain_wave(message: Message) -> bytes:
    """The message itself as a WAV. Raises NoSound."""
    return sound_of(message, "wav")[0]


def _samples(content: bytes) -> tuple[Any, int]:
    import soundfile

    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise NoSound(str(error)) from error
    return samples.mean(axis=1), int(rate)


def _encoded(parts: list[tuple[Any, int]], form: str, subtype: str) -> bytes:
    import numpy
    import soundfile

    rate = max(rate for _samples, rate in parts)
    joined = numpy.concatenate([_at(samples, own, rate) for samples, own in parts])
    written = io.BytesIO()
    soundfile.write(written, joined, rate, format=form, subtype=subtype)
    return written.getvalue()


def _at(samples: Any, own: int, rate: int) -> Any:
    if own == rate:
        return samples
    import soxr

    return soxr.resample(samples, own, rate)
