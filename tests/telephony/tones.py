"""Tones in G.711 μ-law (PCMU), and finding them again by the Goertzel algorithm."""

from __future__ import annotations

import functools
import math
from array import array

SAMPLES_PER_SECOND = 8000
SILENCE = 0xFF
#: Samples looked at in one go: 100 ms, which tells frequencies apart that differ by 20 Hz or more.
WINDOW = 800
#: Share of a window's energy that has to be in the frequency for it to count as heard.
PRESENT = 0.5
_QUIET = 200.0


def _decoded(byte: int) -> int:
    """One sample as 16-bit linear (ITU-T G.711)."""
    inverted = ~byte & 0xFF
    value = (((inverted & 0x0F) << 3) + 0x84 << ((inverted >> 4) & 0x07)) - 0x84
    return -value if inverted & 0x80 else value


_LINEAR = [_decoded(byte) for byte in range(256)]
_NEAREST = sorted((value, byte) for byte, value in enumerate(_LINEAR))


def encoded(sample: float) -> int:
    """The μ-law byte nearest to a linear sample."""
    low, high = 0, len(_NEAREST) - 1
    while low < high:
        middle = (low + high) // 2
        if _NEAREST[middle][0] < sample:
            low = middle + 1
        else:
            high = middle
    return _NEAREST[low][1]


def linear(payload: bytes) -> array[int]:
    """Linear samples of a μ-law payload."""
    return array("h", [_LINEAR[byte] for byte in payload])


@functools.cache
def tone(frequency: int, amplitude: int = 8000) -> bytes:
    """One second of a sine, in μ-law; for whole hertz it can be repeated without a click."""
    step = 2 * math.pi * frequency / SAMPLES_PER_SECOND
    return bytes(encoded(amplitude * math.sin(step * position)) for position in range(SAMPLES_PER_SECOND))


def share_of(samples: array[int], frequency: float) -> float:
    """How much of the energy of `samples` is in the frequency, 0 to 1; 0 for what is as good as silent."""
    energy = sum(sample * sample for sample in samples)
    if not samples or math.sqrt(energy / len(samples)) < _QUIET:
        return 0.0
    factor = 2 * math.cos(2 * math.pi * frequency / SAMPLES_PER_SECOND)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    power = last * last + before * before - factor * last * before
    return min(1.0, 2 * power / (len(samples) * energy))


def loudness(samples: array[int]) -> float:
    """Root mean square, 0 to 32767."""
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) if samples else 0.0
