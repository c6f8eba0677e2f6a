"""Sound files of the lab: a recording becomes a valid WAV file (a soft tone, for there is no audio), and what is played
has the length its file says."""

from __future__ import annotations

import io
import math
import wave
from array import array
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch

RATE = 8000
_LONGEST_SECONDS = 3600
_HTTP = ("http_cache://", "http://", "https://")


class SoundMissing(Exception):
    """There is no such file, or nobody hands it out."""


def write_wav(path: Path, seconds: float, channels: int = 1) -> None:
    """A WAV file of 16-bit samples, 8 kHz, with a 440 Hz tone; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    period = array("h", (int(2000 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(200)))
    frames = int(min(seconds, _LONGEST_SECONDS) * RATE)
    samples = (period * (frames // len(period) + 1))[:frames]
    if channels > 1:
        samples = array("h", (sample for sample in samples for _ in range(channels)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def wav_seconds(content: bytes) -> float | None:
    """How long a WAV file is; None for anything else."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            return float(file.getnframes() / (file.getframerate() or RATE))
    except (wave.Error, EOFError):
        return None


async def file_seconds(switch: LabSwitch, source: str) -> float:
    """How long a file plays in the lab: as long as it is, but at most `file_seconds` of the settings, which is also
    what a file of unknown length takes. A URL is really fetched, and a file below the recordings must be there; others
    are taken to exist. Raises `SoundMissing`."""
    most = switch.settings.file_seconds
    if source.startswith(_HTTP):
        return min(most, await _fetched(switch, source))
    if not is_recording(switch, source):
        return most
    found = wav_seconds(_read(source))
    return most if found is None else min(most, found)


def is_recording(switch: LabSwitch, path: str) -> bool:
    """Whether it is a path below the node's recordings."""
    return path.startswith("/") and Path(path).resolve().is_relative_to(switch.recordings)


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SoundMissing(str(error)) from error


async def _fetched(switch: LabSwitch, source: str) -> float:
    url = source.removeprefix("http_cache://")
    if url not in switch.fetched:
        try:
            answer = await switch.http.get(url)
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SoundMissing(f"{source}: {error}") from error
        found = wav_seconds(answer.content)
        switch.fetched[url] = switch.settings.file_seconds if found is None else found
    return switch.fetched[url]


async def put_file(switch: LabSwitch, url: str, path: str) -> str:
    """mod_http_cache's `http_put`: the file's content to a URL; its answer."""
    try:
        headers = {"Content-Type": "audio/x-wav", "User-Agent": _AGENT}
        answer = await switch.http.put(url, content=_read(path), headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, SoundMissing):
        return _FAILED
    return f"+OK {answer.status_code}\n" if answer.status_code in (200, 201, 202, 204) else _FAILED


#: What the event socket says of an api command that fails, whatever the command itself said.
_FAILED = "-ERR http_put Command not found!\n"
_AGENT = "freeswitch-http-cache/1.0"
