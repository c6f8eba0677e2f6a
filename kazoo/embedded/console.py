"""What the person at the terminal sees: few lines, each with the name of the process it comes from."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_TROUBLE = re.compile(r"\b(WARNING|ERROR|CRITICAL|FATAL|PANIC|Traceback|Exception)\b")
_EXPECTED = re.compile(r"the database system is (starting up|shutting down)|Memory overcommit must be enabled")
_COLOURS = {
    "web": 36,
    "switch": 35,
    "worker": 33,
    "beat": 34,
    "postgres": 32,
    "valkey": 31,
    "freeswitch": 95,
    "lab": 95,
}
_FIRST_NOTE = 2.0
_NEXT_NOTE = 5.0


class Console:
    """Prints lines; `verbose` shows everything the processes say, otherwise only their trouble is shown."""

    def __init__(self, *, verbose: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._verbose = verbose
        self._colour = self._stream.isatty()
        self._phase: tuple[str, float] | None = None
        self._noted_at = 0.0

    def line(self, text: str = "") -> None:
        """A line of our own. A terminal that has gone away is no reason to stop."""
        try:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        except OSError:
            pass

    def heard(self, name: str, text: str, *, always: bool = False) -> None:
        """A line a process wrote."""
        trouble = _TROUBLE.search(text) and not _EXPECTED.search(text)
        if always or self._verbose or trouble:
            label = f"{name:>10} | "
            if self._colour:
                label = f"\x1b[{_COLOURS.get(name, 37)}m{label}\x1b[0m"
            self.line(f"{label}{text}")

    @contextmanager
    def phase(self, text: str) -> Iterator[None]:
        """Something that may take long: silent when it does not, otherwise noted by `tick`, and at its end."""
        started = self._noted_at = time.monotonic()
        self._noted_at += _FIRST_NOTE - _NEXT_NOTE
        self._phase = (text, started)
        try:
            yield
        finally:
            self._phase = None
        seconds = time.monotonic() - started
        if seconds >= _FIRST_NOTE:
            self.line(f"{text}: done in {seconds:.1f} s")

    def tick(self) -> None:
        """Called often; says that the phase still goes on, after two seconds and then every five."""
        now = time.monotonic()
        if self._phase and now - self._noted_at >= _NEXT_NOTE:
            text, started = self._phase
            self._noted_at = now
            self.line(f"{text} … {now - started:.0f} s")


def table(heading: tuple[str, ...], rows: list[tuple[str, ...]], write: Callable[[str], None]) -> None:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in [heading, *rows]) for column in range(len(heading))]
    for row in [heading, tuple("-" * width for width in widths), *rows]:
        write("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
