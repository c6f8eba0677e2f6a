"""What a child writes: kept in its log file, and handed on line by line."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

_LOG_LIMIT = 10_000_000
_LINE_LIMIT = 10_000
_TAIL = 15


class Output:
    """A pipe. The child gets `write_end`; `read` moves what is there into the log and to `heard`, never waiting.

    `announced` becomes true with the first line that holds `announcement`.
    """

    def __init__(self, log: Path, heard: Callable[[str], None], announcement: str | None = None) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._heard = heard
        self._announcement = announcement
        self.announced = announcement is None
        self._partial = b""
        self._lines: deque[str] = deque(maxlen=_TAIL)

    def started(self) -> None:
        """The child has its copy of the write end; close ours, so that the pipe ends with the child."""
        os.close(self.write_end)

    def read(self) -> bool:
        """Take what is there now; False when the pipe has ended."""
        try:
            data = os.read(self.read_end, 65536)
        except BlockingIOError:
            return True
        if not data:
            return False
        os.write(self._log, data)
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > _LINE_LIMIT:
            lines, self._partial = [*lines, self._partial], b""
        for line in lines:
            self._hear(line)
        return True

    def drain(self) -> None:
        """Take what a child that has ended left in the pipe; something it started may still hold the other end."""
        for _ in range(16):
            if not self.read():
                break
        if self._partial:
            self._hear(self._partial)
            self._partial = b""

    def tail(self) -> str:
        """The last lines, for an error message."""
        return "\n".join(self._lines)

    def close(self) -> None:
        """Close the pipe and the log."""
        if self._log >= 0:
            os.close(self.read_end)
            os.close(self._log)
            self._log = -1

    def _hear(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        self._lines.append(text)
        self.announced = self.announced or (self._announcement or "") in text
        self._heard(text)
