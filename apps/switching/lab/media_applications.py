"""Applications that play, record and collect digits."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from apps.switching.lab import media, recordings
from apps.switching.lab.applications import application
from apps.switching.lab.events import Origin
from apps.switching.lab.sound_files import SoundMissing, write_wav

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel

logger = logging.getLogger(__name__)

_RECORD = Origin("switch_ivr_async.c", "record_callback", 1481)
_RECORD_STOP = Origin("switch_ivr_async.c", "send_record_stop_event", 1240)
FILE_PLAYED = "FILE PLAYED"


@application("sleep")
async def sleep(channel: Channel, argument: str) -> None:
    """Milliseconds."""
    await channel.until(None, max(0.0, float(argument or 0)) / 1000, breakable=True)


@application("playback", "gentones", "loop_playback")
async def playback(channel: Channel, argument: str) -> str:
    terminators = channel.get("playback_terminators") or "*"
    channel.variables.pop("playback_terminator_used", None)
    return await _played(channel, argument, "" if terminators == "none" else terminators)


@application("endless_playback")
async def endless_playback(channel: Channel, argument: str) -> str:
    """No key ends it and no break: only the call's end, a transfer, or a sound that cannot be played."""
    response = FILE_PLAYED
    while channel.free and response == FILE_PLAYED:
        response = await _played(channel, argument, "")
        await asyncio.sleep(0)
    return response


async def _played(channel: Channel, argument: str, stop_on: str) -> str:
    try:
        await media.play(channel, argument, stop_on=stop_on)
        response = FILE_PLAYED
    except SoundMissing:
        response = "FILE NOT FOUND"
    channel.variables["current_application_response"] = response
    return response


@application("speak", "say", "phrase")
async def speak(channel: Channel, argument: str) -> None:
    channel.mark_early()
    await channel.until(None, 0.2, breakable=True)


@application("play_and_get_digits")
async def play_and_get_digits(channel: Channel, argument: str) -> None:
    """min max tries timeout(ms) terminators file invalid_file variable [regexp [digit_timeout(ms)]]"""
    words = argument.split(" ")
    if len(words) < 6:
        logger.error("play_and_get_digits: too few arguments: %s", argument)
        return
    words += [""] * (10 - len(words))
    minimum, maximum, tries = int(words[0]), int(words[1]), max(1, int(words[2]))
    timeout = int(words[3]) / 1000
    between = int(words[9]) / 1000 if words[9].isdigit() else timeout
    terminators, prompt, invalid, variable, expression = words[4], words[5], words[6], words[7], words[8] or r"\d+"
    for _ in range(tries):
        if not channel.free:
            return
        if prompt and prompt != "silence":
            await media.play(channel, prompt, consume=True)
        digits, terminator = await media.collect(
            channel, minimum, maximum, first=timeout, between=between, terminators=terminators
        )
        if digits and re.search(f"^(?:{expression})$", digits):
            channel.variables[variable] = digits
            channel.set("read_terminator_used", terminator)
            channel.variables["read_result"] = "success"
            return
        channel.set(f"{variable}_invalid", digits)
        if digits and invalid and invalid != "silence":
            await media.play(channel, invalid)
    channel.variables.pop(variable, None)
    channel.variables["read_result"] = "failure"


@application("read")
async def read(channel: Channel, argument: str) -> None:
    """min max file variable timeout(ms) terminators [digit_timeout(ms)]"""
    words = argument.split(" ")
    words += [""] * (7 - len(words))
    minimum, maximum = int(words[0] or 0), int(words[1] or 1)
    timeout = int(words[4] or 1000) / 1000
    between = int(words[6]) / 1000 if words[6].isdigit() else timeout
    if words[2] and words[2] != "silence":
        await media.play(channel, words[2], consume=True)
    digits, terminator = await media.collect(
        channel, minimum, maximum, first=timeout, between=between, terminators=words[5]
    )
    channel.set(words[3], digits)
    channel.set("read_terminator_used", terminator)
    channel.variables["read_result"] = "success" if digits else "timeout"


@application("flush_dtmf")
async def flush_dtmf(channel: Channel, _argument: str) -> None:
    channel.digits.clear()


@application("send_dtmf")
async def send_dtmf(channel: Channel, argument: str) -> None:
    """digits[@milliseconds]"""
    media.press(channel, argument.partition("@")[0])


@application("record")
async def record(channel: Channel, argument: str) -> None:
    """path [limit seconds [silence threshold [silence seconds]]]; a terminator ends it. The folder must be there, or
    the caller is hung up. There is no audio: who has nothing to say says so (`LabCall.says_nothing`)."""
    words = argument.split(" ")
    limit = float(words[1]) if len(words) > 1 and words[1] else None
    path = Path(words[0])
    channel.mark_early()
    if path.is_absolute() and not path.parent.is_dir():
        channel.hang_up("DESTINATION_OUT_OF_ORDER")
        return
    if len(words) > 3 and words[3].isdigit() and getattr(channel.endpoint, "says_nothing", False):
        limit = float(words[3])
    channel.fire("RECORD_START", _RECORD, after=[("Record-File-Path", words[0])])
    milliseconds, used = await _listen(channel, limit)
    channel.set("playback_terminator_used", used)
    channel.variables |= {
        "record_ms": str(milliseconds),
        "record_seconds": str(milliseconds // 1000),
        "record_samples": str(milliseconds * 8),
        "record_completion_cause": "success-maxtime" if channel.up else "success-silence",
    }
    if path.is_absolute():
        write_wav(path, milliseconds / 1000)
    channel.fire("RECORD_STOP", _RECORD_STOP, after=[("Record-File-Path", words[0])])


async def _listen(channel: Channel, limit: float | None) -> tuple[int, str]:
    """Milliseconds, and the key that ended it."""
    terminators = channel.get("playback_terminators") or "*"
    started = channel.switch.clock.microseconds()
    used = ""

    def ended() -> bool:
        nonlocal used
        while channel.digits:
            digit = channel.digits.popleft()
            if terminators == "any" or (digit in terminators and terminators != "none"):
                used = digit
                return True
        return False

    await channel.until(ended, limit, breakable=True)
    return (channel.switch.clock.microseconds() - started) // 1000, used


@application("record_session")
async def record_session(channel: Channel, argument: str) -> None:
    """path [+limit seconds]"""
    path, _, limit = argument.partition(" ")
    recordings.start(channel, path, float(limit.lstrip("+") or 0))


@application("stop_record_session")
async def stop_record_session(channel: Channel, argument: str) -> None:
    recordings.stop(channel, argument)


@application("record_session_mask")
async def record_session_mask(channel: Channel, argument: str) -> None:
    recordings.mask(channel, argument, True)


@application("record_session_unmask")
async def record_session_unmask(channel: Channel, argument: str) -> None:
    recordings.mask(channel, argument, False)
