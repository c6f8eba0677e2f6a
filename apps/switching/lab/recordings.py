"""Recordings of whole calls (`record_session`, `uuid_record`): they run beside what the channel does, until they are
stopped, their limit, or the end of the channel."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from apps.switching.lab.events import Headers, Origin
from apps.switching.lab.sound_files import write_wav

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel

_START = Origin("switch_ivr_async.c", "switch_ivr_record_session_event", 3290)
_STOP = Origin("switch_ivr_async.c", "send_record_stop_event", 1240)
SUCCESS = "+OK Success\n"
NOT_RECORDING = "-ERR Cannot {} record session!\n"


@dataclass
class Recording:
    """One file being written. `options` are the command's own (RECORD_STEREO …), over those of the channel."""

    channel: Channel
    path: str
    options: dict[str, str] = field(default_factory=dict)
    masked: bool = False
    started: int = 0

    def is_true(self, name: str) -> bool:
        return (self.options.get(name) or self.channel.get(name)).lower() in ("true", "yes", "1", "on")

    @property
    def milliseconds(self) -> int:
        """How much has been written."""
        profile, began = self.channel.profile, [self.started]
        for name, moment in (("RECORD_ANSWER_REQ", profile.answered), ("RECORD_BRIDGE_REQ", profile.bridged)):
            if self.is_true(name):
                if not moment:
                    return 0
                began.append(moment)
        return max(0, self.channel.switch.clock.microseconds() - max(began)) // 1000

    def headers(self) -> Headers:
        return [
            ("Record-File-Path", self.path),
            *((f"Recording-Variable-{name}", value) for name, value in self.options.items()),
        ]


def start(channel: Channel, path: str, limit: float = 0, options: dict[str, str] | None = None) -> str:
    """Begin; a second time for the same file changes nothing."""
    if path in channel.recordings:
        return SUCCESS
    channel.mark_early()
    recording = Recording(channel, path, options or {}, started=channel.switch.clock.microseconds())
    channel.recordings[path] = recording
    write_wav(Path(path), 0)
    channel.fire("RECORD_START", _START, after=recording.headers())
    if limit > 0:
        asyncio.get_running_loop().call_later(limit, stop, channel, path)
    return SUCCESS


def move(channel: Channel, to: Channel) -> None:
    """With a transfer by the phone (REFER), where `recording_follow_transfer` wants it. They cannot be named there."""
    if channel.get("recording_follow_transfer") == "true":
        for path, recording in channel.recordings.items():
            recording.channel = to
            to.recordings[path] = recording
        channel.recordings.clear()


def listed(channel: Channel) -> str:
    """As `uuid_buglist` lists what listens to a channel."""
    bugs = [
        f" <media-bug>\n  <function>session_record</function>\n  <target>{path}</target>\n </media-bug>\n"
        for path in channel.recordings
    ]
    return f"<media-bugs>\n{''.join(bugs)}</media-bugs>\n"


def stop(channel: Channel, path: str) -> str:
    """Write the file and say so; `all` ends every recording of the channel."""
    if path == "all":
        for one in list(channel.recordings):
            stop(channel, one)
        return SUCCESS
    recording = channel.recordings.pop(path, None)
    if recording is None:
        return NOT_RECORDING.format("stop")
    milliseconds = recording.milliseconds
    least = recording.options.get("RECORD_MIN_SEC") or channel.get("RECORD_MIN_SEC") or "0"
    if least.isdigit() and milliseconds < int(least) * 1000:
        Path(path).unlink(missing_ok=True)
    else:
        write_wav(Path(path), milliseconds / 1000, 2 if recording.is_true("RECORD_STEREO") else 1)
    channel.variables |= {
        "record_ms": str(milliseconds),
        "record_seconds": str(milliseconds // 1000),
        "record_samples": str(milliseconds * 8),
        "record_completion_cause": "success-maxtime",
    }
    channel.fire("RECORD_STOP", _STOP, after=[*recording.headers(), ("Record-Completion-Cause", "success-maxtime")])
    return SUCCESS


def mask(channel: Channel, path: str, on: bool) -> str:
    recording = channel.recordings.get(path)
    if recording is None:
        return "-ERR Cannot {}mask recording session!\n".format("" if on else "un")
    recording.masked = on
    return SUCCESS
