"""The music on hold where nobody chose one: slow chords, made here from sine waves, so nobody's music but ours."""

from __future__ import annotations

from functools import cache

import numpy
from numpy.typing import NDArray

from apps.pbx.media.conversion import WIDE, wave_header

Samples = NDArray[numpy.float64]
#: Semitones from the A of 440 Hz: C major 7, A minor 7, D minor 7, G 7, twice, the second time with another melody.
_CHORDS = ((-21, -14, -9, -5, -2), (-24, -12, -9, -5, -2), (-19, -12, -7, -4, 0), (-26, -14, -10, -7, -4))
_MELODIES = ((3, 7, 10, 7, 2, 7, 3, 2, 0, 5, 8, 5, -2, 3, 5, 2), (10, 7, 3, 7, 7, 3, 2, 3, 8, 5, 3, 0, 5, 2, -2, 2))
_CHORD_SECONDS, _NOTE_SECONDS = 4.0, 1.0
_LOUDNESS = 0.22


@cache
def default_music() -> bytes:
    """32 seconds as a WAV (one channel, 16 bits, 16 kHz), the same every time. It can be repeated without a seam."""
    length = int(_CHORD_SECONDS * WIDE) * len(_CHORDS) * len(_MELODIES)
    mixed = numpy.zeros(length)
    for place in range(len(_CHORDS) * len(_MELODIES)):
        at = int(place * _CHORD_SECONDS * WIDE)
        for semitone in _CHORDS[place % len(_CHORDS)]:
            _add(mixed, at, _note(semitone, _CHORD_SECONDS * 1.15, 0.35))
        melody = _MELODIES[place // len(_CHORDS)]
        for beat in range(4):
            semitone = melody[place % len(_CHORDS) * 4 + beat]
            _add(mixed, at + int(beat * _NOTE_SECONDS * WIDE), _note(semitone, _NOTE_SECONDS * 1.6, 0.03) * 0.8)
    samples: bytes = (mixed / numpy.abs(mixed).max() * _LOUDNESS * 32767).astype("<i2").tobytes()
    return wave_header(WIDE, len(samples)) + samples


def _note(semitone: int, seconds: float, attack: float) -> Samples:
    """A soft tone with two overtones that swells for `attack` seconds and dies away."""
    count = int(seconds * WIDE)
    time = numpy.arange(count) / WIDE
    pitch = 440.0 * 2 ** (semitone / 12)
    tone = numpy.sin(2 * numpy.pi * pitch * time) + 0.3 * numpy.sin(4 * numpy.pi * pitch * time)
    tone += 0.1 * numpy.sin(6 * numpy.pi * pitch * time)
    envelope = numpy.minimum(time / attack, 1.0) * numpy.minimum((seconds - time) / (0.5 * seconds), 1.0)
    faded: Samples = tone * envelope
    return faded


def _add(
    mixed: Samples,
    at: int,
    note: Samples,
) -> None:
    """What rings on past the end is heard at the beginning."""
    places = (at + numpy.arange(len(note))) % len(mixed)
    mixed[places] += note
