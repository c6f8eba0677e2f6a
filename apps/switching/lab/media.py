"""How long a thing would play, and collecting digits while it does. There is no sound."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from apps.switching.lab.events import Origin
from apps.switching.lab.sound_files import SoundMissing, file_seconds

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel

logger = logging.getLogger(__name__)
_START = Origin("switch_ivr_play_say.c", "switch_ivr_play_file", 1646)
_STOP = Origin("switch_ivr_play_say.c", "switch_ivr_play_file", 2020)
_TONE = re.compile(r"%\(([^)]*)\)")
_SAY_SECONDS = 0.2


async def seconds_of(channel: Channel, source: str) -> float | None:
    """The length of a file string in seconds; None for one without an end. Raises `SoundMissing`."""
    source = re.sub(r"^\{[^}]*\}", "", source)
    settings = channel.switch.settings
    if source in settings.media_seconds:
        return settings.media_seconds[source]
    scheme, separator, rest = source.partition("://")
    if not separator:
        said = source.startswith(("say:", "phrase:"))
        return _SAY_SECONDS if said else await file_seconds(channel.switch, source)
    if scheme == "silence_stream":
        milliseconds = rest.split(",")[0]
        return None if milliseconds.startswith("-") else float(milliseconds or 0) / 1000
    if scheme == "tone_stream":
        return _tone_seconds(rest)
    if scheme == "local_stream":
        return None
    if scheme in ("say", "phrase"):
        return _SAY_SECONDS
    return await file_seconds(channel.switch, source)


def _tone_seconds(text: str) -> float | None:
    tones, _, options = text.partition(";loops=")
    loops = int(options.split(";")[0]) if options.split(";")[0].lstrip("-").isdigit() else 1
    if loops < 0:
        return None
    total = 0.0
    for tone in _TONE.findall(tones):
        parts = tone.split(",")
        total += sum(float(part) for part in parts[:2] if part.replace(".", "", 1).isdigit())
    return total / 1000 * max(1, loops)


async def play(channel: Channel, source: str, *, stop_on: str = "", consume: bool = False) -> str:
    """Play; raises `SoundMissing`. A digit of `stop_on` (``any`` for each) ends it. Returns that digit, or empty.

    `consume`: any digit ends it and stays in the buffer (digit collection)."""
    if channel.direction == "inbound":
        channel.mark_early()
    several = source.startswith("file_string://")
    for one in source.removeprefix("file_string://").split("!") if several else [source]:
        if not channel.free or channel.broken_all:
            break
        try:
            length = await seconds_of(channel, one)
        except SoundMissing:
            logger.warning("%s: cannot play %s", channel.name, one)
            if several or consume:
                continue  # mod_file_string goes on with the next, and a key can be pressed without a prompt
            raise
        digit, broken = await _play_one(channel, one, length, stop_on, consume)
        if digit or broken or (consume and channel.digits):
            return digit
    return ""


async def _play_one(
    channel: Channel, source: str, length: float | None, stop_on: str, consume: bool
) -> tuple[str, bool]:
    loop_start = channel.switch.clock.microseconds()
    kind = source.split("://")[0] if "://" in source else "file"
    about = [("Playback-File-Type", kind), ("Playback-File-Path", source)]
    channel.fire("PLAYBACK_START", _START, after=about)
    used = ""

    def ready() -> bool:
        nonlocal used
        if consume:
            return bool(channel.digits)
        while channel.digits:
            digit = channel.digits.popleft()
            if stop_on == "any" or digit in stop_on:
                used = digit
                return True
        return False

    broken_before = channel.broken
    ended_early = await channel.until(ready, length, breakable=True)
    played = (channel.switch.clock.microseconds() - loop_start) // 1000
    full = length is not None and played >= int(length * 1000) - 5
    broken = not ended_early and not full and not broken_before and channel.free
    if used:
        channel.variables["playback_terminator_used"] = used
    channel.variables |= {
        "playback_last_offset_pos": str(played * 8),
        "playback_seconds": str(played // 1000),
        "playback_ms": str(played),
        "playback_samples": str(played * 8),
    }
    status = "done" if full else "break"
    channel.fire("PLAYBACK_STOP", _STOP, after=[*about, ("Playback-Status", status)])
    return used, broken


async def collect(
    channel: Channel, minimum: int, maximum: int, *, first: float, between: float, terminators: str
) -> tuple[str, str]:
    """Collect digits: `first` seconds for the first, `between` for each next. Returns (digits, terminator)."""
    digits = ""
    while channel.free and len(digits) < maximum:
        if not await channel.until(lambda: bool(channel.digits), between if digits else first):
            break
        digit = channel.digits.popleft()
        if digit in terminators:
            return (digits, digit) if len(digits) >= minimum else ("", digit)
        digits += digit
    return (digits, "") if len(digits) >= minimum else ("", "")


def press(channel: Channel, keys: str) -> None:
    """Send keys to the far end; `w` and `W` are pauses of the switch and no keys."""
    for key in keys:
        if channel.endpoint is not None and key not in "wW":
            channel.endpoint.channel_digit(channel, key)
