"""What the program `espeak-ng` does, by the library of the espeakng-loader wheel: a text from standard input, a WAV to
standard output. Run as a process of its own (see `engines/espeak_ng.py`): the library is not made for threads, and is
under another licence. Options: -v voice, -s words a minute; others are taken and not heeded.

Names and numbers are those of eSpeak NG's speak_lib.h.
"""

from __future__ import annotations

import argparse
import ctypes
import struct
import sys

AUDIO_OUTPUT_SYNCHRONOUS = 2
INITIALIZE_DONT_EXIT = 0x8000
POS_CHARACTER = 1
CHARS_UTF8 = 1
END_PAUSE = 0x1000
RATE = 1
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def main() -> int:
    asked = _arguments()
    from espeakng_loader import get_data_path, get_library_path  # type: ignore[import-untyped]

    library = ctypes.CDLL(str(get_library_path()))
    rate = library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 500, str(get_data_path()).encode(), INITIALIZE_DONT_EXIT)
    if rate <= 0:
        sys.stderr.write("the library does not start\n")
        return 1
    samples = bytearray()

    def take(wave: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
        if wave and count > 0:
            samples.extend(ctypes.string_at(wave, 2 * count))
        return 0

    callback = _CALLBACK(take)  # kept while the library may call it
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(asked.v.encode()) != 0:
        sys.stderr.write(f"there is no voice {asked.v}\n")
        return 1
    library.espeak_SetParameter(RATE, asked.s, 0)
    text = sys.stdin.buffer.read()
    library.espeak_Synth(
        ctypes.c_char_p(text), ctypes.c_size_t(len(text) + 1), 0, POS_CHARACTER, 0, CHARS_UTF8 | END_PAUSE, None, None
    )
    library.espeak_Synchronize()
    sys.stdout.buffer.write(_wave(bytes(samples), rate))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-v", default="en-us")
    parser.add_argument("-s", type=int, default=160)
    return parser.parse_known_args()[0]


def _wave(samples: bytes, rate: int) -> bytes:
    length = len(samples)
    return (
        struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + length, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
        + struct.pack("<4sI", b"data", length)
        + samples
    )


if __name__ == "__main__":
    sys.exit(main())
