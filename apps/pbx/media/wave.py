"""WAV (RIFF) as engines write it, made into what a telephone needs: 16 bits, one channel, 16 kHz, no long silences."""

from __future__ import annotations

import math
import struct
import sys
from array import array

SAMPLE_RATE = 16_000
_SILENCE = 250  # of 32767
_KEPT_SILENCE = 0.06  # seconds left before and after
_PCM = (1, 0xFFFE)


class NotAWave(ValueError):
    """The bytes are not 16-bit PCM in a RIFF file."""


def telephone_wave(data: bytes) -> bytes:
    """Raises `NotAWave`. Lengths in the header are not believed: a program that writes to a pipe cannot know them."""
    channels, rate, samples = read_wave(data)
    if channels > 1:
        samples = array("h", (sum(samples[at : at + channels]) // channels for at in range(0, len(samples), channels)))
    return write_wave(resampled(trimmed(samples, rate), rate, SAMPLE_RATE), SAMPLE_RATE)


def read_wave(data: bytes) -> tuple[int, int, array[int]]:
    """`(channels, samples a second, samples)`. Raises `NotAWave`."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise NotAWave("no RIFF header")
    at, channels, rate = 12, 0, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt " and len(body) >= 16:
            kind, channels, rate, _bytes, _align, bits = struct.unpack("<HHIIHH", body[:16])
            if kind not in _PCM or bits != 16:
                raise NotAWave(f"format {kind} with {bits} bits")
        elif name == b"data":
            if not channels or not rate:
                raise NotAWave("no format before the samples")
            frame = 2 * channels
            samples = array("h", body[: len(body) // frame * frame])
            if sys.byteorder == "big":
                samples.byteswap()
            return channels, rate, samples
        at += 8 + size + size % 2
    raise NotAWave("no samples")


def write_wave(samples: array[int], rate: int) -> bytes:
    """One channel."""
    body = array("h", samples)
    if sys.byteorder == "big":
        body.byteswap()
    content = body.tobytes()
    length = len(content)
    riff = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + length, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return riff + struct.pack("<4sI", b"data", length) + content


def trimmed(samples: array[int], rate: int) -> array[int]:
    """Without the silence at both ends but for a little of it: parts follow one another like words."""
    first = next((at for at, sample in enumerate(samples) if abs(sample) > _SILENCE), None)
    if first is None:
        return samples
    last = next(at for at in range(len(samples) - 1, -1, -1) if abs(samples[at]) > _SILENCE)
    keep = int(rate * _KEPT_SILENCE)
    return samples[max(0, first - keep) : last + 1 + keep]


def resampled(samples: array[int], rate: int, wanted: int) -> array[int]:
    """By linear interpolation; going down, neighbours are averaged first, which takes the highest tones away."""
    if rate == wanted or not samples:
        return samples
    if rate > wanted:
        padded = array("h", [samples[0], *samples, samples[-1]])
        samples = array("h", [(a + 2 * b + c) // 4 for a, b, c in zip(padded, padded[1:], padded[2:], strict=False)])
    count, last = len(samples) * wanted // rate, len(samples) - 1
    made = array("h", bytes(2 * count))
    for at in range(count):
        whole, rest = divmod(at * rate, wanted)
        left = samples[min(whole, last)]
        made[at] = left + (samples[min(whole + 1, last)] - left) * rest // wanted
    return made


def tone(frequency: int, milliseconds: int, rate: int = SAMPLE_RATE) -> array[int]:
    """A sine at a fifth of full volume."""
    count = rate * milliseconds // 1000
    return array("h", (int(6500 * math.sin(2 * math.pi * frequency * at / rate)) for at in range(count)))


def loudness(samples: array[int]) -> float:
    """Root mean square, 0 to 32767."""
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) if samples else 0.0
