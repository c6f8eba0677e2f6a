"""An upload becomes sound the switch plays: what it is, is told by its bytes, never by its name or its header.

WAV, MP3, Ogg and FLAC are read by libsndfile, mixed to one channel and resampled by soxr to 16-bit WAVs of 8 kHz (the
telephone) and 16 kHz (wideband calls). Everything happens in blocks, so that a short upload that unpacks into hours
costs no memory before it is refused. The libraries are loaded with the first one: most processes never convert any.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    import soundfile

NARROW, WIDE = 8_000, 16_000
#: Seconds of one medium.
LONGEST = 1800
MOST_CHANNELS = 8
RATES = (4_000, 192_000)
_BLOCK = 16_384
_IN_MEMORY = 4 * 1024 * 1024
_HEADER = 44


class BadAudio(Exception):
    """The upload cannot be used. `rule` names what it breaks, `message` says it to people."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message


@dataclass
class Converted:
    """`content_type` of the original; `narrow` and `wide` are WAV files to read from their beginning. Close it."""

    content_type: str
    milliseconds: int
    narrow: IO[bytes]
    wide: IO[bytes]

    def close(self) -> None:
        self.narrow.close()
        self.wide.close()


def kind_of(content: bytes) -> str:
    """The media type of an upload by its first bytes. Raises BadAudio for none of the four."""
    if content[:4] in (b"RIFF", b"RIFX", b"RF64") and content[8:12] == b"WAVE":
        return "audio/wav"
    if content[:4] == b"OggS":
        return "audio/ogg"
    if content[:4] == b"fLaC":
        return "audio/flac"
    # An ID3v2 tag, or the frame sync of MPEG audio layer III (ISO 11172-3 §2.4.2.3).
    if content[:3] == b"ID3" or (len(content) > 2 and content[0] == 0xFF and content[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    raise BadAudio("invalid", _("The file must be a WAV, MP3, Ogg or FLAC sound"))


def convert(content: bytes) -> Converted:
    """Raises BadAudio."""
    import soundfile

    content_type = kind_of(content)
    try:
        with soundfile.SoundFile(BytesIO(content)) as source:
            return _converted(source, content_type)
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OverflowError) as error:
        raise BadAudio("invalid", _("The sound cannot be read: it is damaged or cut off")) from error


def _converted(source: soundfile.SoundFile, content_type: str) -> Converted:
    import numpy

    if source.channels > MOST_CHANNELS:
        message = _("The sound must not have more than %(most)d channels") % {"most": MOST_CHANNELS}
        raise BadAudio("channels", message)
    if not RATES[0] <= source.samplerate <= RATES[1]:
        message = _("The sound must have between %(least)d and %(most)d samples a second")
        raise BadAudio("sample_rate", message % {"least": RATES[0], "most": RATES[1]})
    narrow, wide = _Wave(source.samplerate, NARROW), _Wave(source.samplerate, WIDE)
    frames = 0
    try:
        for block in source.blocks(_BLOCK, dtype="float32", always_2d=True):
            frames += len(block)
            if frames > LONGEST * source.samplerate:
                message = _("The sound must not be longer than %(minutes)d minutes") % {"minutes": LONGEST // 60}
                raise BadAudio("too_long", message)
            mono = numpy.clip(numpy.nan_to_num(block), -1.0, 1.0).mean(axis=1, dtype="float32")
            narrow.add(mono)
            wide.add(mono)
        if not frames:
            raise BadAudio("empty", _("The file holds no sound"))
        milliseconds = frames * 1000 // source.samplerate
        return Converted(content_type, milliseconds, narrow.finished(), wide.finished())
    except BaseException:
        narrow.file.close()
        wide.file.close()
        raise


class _Wave:
    """A mono 16-bit WAV that grows by blocks."""

    def __init__(self, from_rate: int, to_rate: int) -> None:
        import soxr

        self.file: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - given on
        self._rate, self._bytes = to_rate, 0
        self._stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32")
        self.file.write(bytes(_HEADER))

    def add(self, samples: Any, *, last: bool = False) -> None:
        import numpy

        resampled = self._stream.resample_chunk(samples, last=last)
        data = (numpy.clip(resampled, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        self._bytes += len(data)
        self.file.write(data)

    def finished(self) -> IO[bytes]:
        import numpy

        self.add(numpy.zeros(0, dtype="float32"), last=True)
        self.file.seek(0)
        self.file.write(wave_header(self._rate, self._bytes))
        self.file.seek(0)
        return self.file


def wave_header(rate: int, size: int) -> bytes:
    """The 44 bytes before `size` bytes of mono 16-bit samples (RIFF WAVE, format 1)."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)
