"""What a node is told about recordings: starting and stopping them on any channel, and where they lie.

Paths are absolute on the node and come from `recording_names.path_below`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from apps.switching.calls.commands import NodeCommand, checked, checked_uuid

_PATH = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9_.-]*){1,30}")


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    """`limit` and `minimum` in seconds: recording ends by itself, and a shorter file is not kept. `stereo`: what the
    channel says is left, what it hears right. With `after_answer`/`after_bridge` nothing is written before that."""

    limit: int = 0
    stereo: bool = True
    minimum: int = 0
    after_answer: bool = False
    after_bridge: bool = False

    def __str__(self) -> str:
        flags = {
            "RECORD_STEREO": self.stereo,
            "RECORD_ANSWER_REQ": self.after_answer,
            "RECORD_BRIDGE_REQ": self.after_bridge,
        }
        pairs = [f"{name}={'true' if on else 'false'}" for name, on in flags.items()]
        return "{" + ",".join([*pairs, f"RECORD_MIN_SEC={max(0, self.minimum)}"]) + "}"


def start_recording(uuid: str, path: str, options: RecordingOptions | None = None) -> NodeCommand:
    """Record both directions of a channel from now on; folders are made. Opens the audio of an unanswered one."""
    options = options or RecordingOptions()
    # The switch reads the options only behind a limit, and crashes on a limit without them.
    return NodeCommand(
        "uuid_record", f"{checked_uuid(uuid)} start {recording_path(path)} {max(0, options.limit)} {options}"
    )


def stop_recording(uuid: str, path: str) -> NodeCommand:
    return NodeCommand("uuid_record", f"{checked_uuid(uuid)} stop {recording_path(path)}")


def stop_every_recording(uuid: str) -> NodeCommand:
    return NodeCommand("uuid_record", f"{checked_uuid(uuid)} stop all")


def mask_recording(uuid: str, path: str, masked: bool) -> NodeCommand:
    """Silence in the file while masked; what is said meanwhile is not kept."""
    return NodeCommand("uuid_record", f"{checked_uuid(uuid)} {'mask' if masked else 'unmask'} {recording_path(path)}")


def make_folder(path: str) -> NodeCommand:
    """Make the folder a file is to be recorded into: `record` makes none, and hangs the caller up for want of it. No
    API of the switch makes folders but its shell, so the path holds nothing a shell reads."""
    # Silence would be answered `-ERR no reply`.
    return NodeCommand("system", f"mkdir -p {PurePosixPath(recording_path(path)).parent} && echo +OK")


def recording_path(path: str) -> str:
    """An absolute path of letters, digits and `_ - . /`, none of its parts beginning with a dot. Raises UnsafeValue."""
    return checked(_PATH, path)
