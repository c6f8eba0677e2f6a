"""Starts children, keeps their output, restarts those that end, and stops them all.

One thread: `turn` reads what children wrote, notices those that ended and starts again those whose time has come.
Everything that waits does so by taking turns, so output keeps flowing and a signal is seen within a fifth of a second.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from kazoo.embedded.console import Console
from kazoo.embedded.output import Output
from kazoo.embedded.processes import Program, ServiceError, signal_group, spawn, started_at, wait_until

_TURN = 0.2
_SHORT_TURN = 0.05  # while somebody waits for the start
_BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY = 60.0
_START_TRIES = 3
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked the supervisor to stop."""


@dataclass
class Child:
    """A program that is to run all the time. `prepare` runs before each start.

    It can be used when `ready` says so and a line it wrote held `announcement`, where these are given. The first
    time it is started when the child it comes `after` can be used.
    """

    program: Program
    prepare: Callable[[], None] | None = None
    ready: Callable[[], bool] | None = None
    announcement: str | None = None
    grace: float = 10.0
    after: Child | None = None

    process: subprocess.Popen[bytes] | None = None
    output: Output | None = None
    started: float = 0.0
    failures: int = 0
    due: float | None = None
    was_ready: bool = False

    def can_be_used(self) -> bool:
        """Whether it runs, and has been ready since it was started."""
        if self.process is None or self.output is None:
            return False
        self.was_ready = self.was_ready or (self.output.announced and (self.ready is None or self.ready()))
        return self.was_ready

    def may_start(self, now: float) -> bool:
        """Whether its time has come, and at first whether the child it comes after is there."""
        if self.due is None or now < self.due:
            return False
        return self.after is None or self.started > 0.0 or self.after.can_be_used()


class Supervisor:
    """Children in the order they were started; they are stopped in the opposite order, level by level."""

    def __init__(self, home: Path, console: Console) -> None:
        self._console = console
        self._logs = home / "log"
        self._record = home / "processes.json"
        self._levels: list[list[Child]] = []
        self._selector = selectors.DefaultSelector()
        self._signals = 0
        self._starting = True
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def listening_for_signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM ask to stop; a second one stops being polite."""
        before = {number: signal.signal(number, self._note_signal) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def end_leftovers(self) -> None:
        """End children of an earlier supervisor that outlived it: pid, start time and stop signal were written down."""
        try:
            recorded: dict[str, list[int]] = json.loads(self._record.read_text())
        except (OSError, ValueError):
            return
        alive = [(pid, polite) for pid, start, polite in recorded.values() if started_at(pid) == start]
        for pid, polite in alive:
            signal_group(pid, signal.Signals(polite))
        wait_until(partial(_all_gone, [pid for pid, _ in alive]), 10.0)
        for pid, _ in alive:
            if started_at(pid):
                signal_group(pid, signal.SIGKILL)
        wait_until(partial(_all_gone, [pid for pid, _ in alive]), 5.0)
        self._record.unlink(missing_ok=True)

    def run(self, program: Program, *, shown: bool = True) -> None:
        """Run a program to its end. Raises ServiceError with its last lines when it fails, Stopped when asked to."""
        child = Child(program)
        self._spawn(child, shown=shown)
        assert child.process is not None
        assert child.output is not None
        try:
            while child.process.poll() is None:
                self.turn(_SHORT_TURN)
            child.output.drain()
        finally:
            if child.process.poll() is None:
                self._stop_level([child])
            self._close(child)
        if child.process.returncode != 0:
            raise ServiceError(f"{program.name} failed (status {child.process.returncode}):\n{child.output.tail()}")

    def start(self, *levels: list[Child], seconds: float = 60.0) -> None:
        """Start levels, side by side, and wait until each child of them is ready. Raises ServiceError or Stopped."""
        self._levels.extend(levels)
        waiting = [child for level in levels for child in level]
        now = time.monotonic()
        for child in waiting:
            child.due = now
        self._begin_due(now)
        deadline = now + seconds
        while waiting := [child for child in waiting if not child.can_be_used()]:
            self.turn(_SHORT_TURN)
            if time.monotonic() > deadline:
                names = ", ".join(child.program.name for child in waiting)
                raise ServiceError(f"{names} was not ready within {seconds:.0f} s; see {self._logs}")

    def watch(self) -> None:
        """Keep everything running until Stopped is raised."""
        self._starting = False
        while True:
            self.turn()

    def turn(self, seconds: float = _TURN) -> None:
        """One round of looking after everything, so many seconds at most. Raises Stopped, or ServiceError."""
        if self._signals:
            raise Stopped
        self._read(seconds)
        self._console.tick()
        now = time.monotonic()
        for child in [child for level in self._levels for child in level]:
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, child.process.returncode, now)
        self._begin_due(now)

    def stop(self) -> None:
        """Stop every level, the last one first."""
        for level in reversed(self._levels):
            self._stop_level(level)
        self._levels.clear()
        self._record.unlink(missing_ok=True)

    def _begin_due(self, now: float) -> None:
        due = [child for level in self._levels for child in level if child.may_start(now)]
        for child in due:
            self._begin(child)
        if due:
            self._remember()

    def _begin(self, child: Child) -> None:
        child.due, child.was_ready = None, False
        if child.prepare:
            child.prepare()
        self._spawn(child, shown=False)

    def _spawn(self, child: Child, *, shown: bool) -> None:
        name = child.program.name
        log = self._logs / f"{name}.log"
        child.output = Output(log, lambda text: self._console.heard(name, text, always=shown), child.announcement)
        child.process = spawn(child.program, child.output.write_end)
        child.output.started()
        child.started = time.monotonic()
        self._selector.register(child.output.read_end, selectors.EVENT_READ, child.output)

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if not key.data.read():
                self._selector.unregister(key.fd)

    def _ended(self, child: Child, status: int, now: float) -> None:
        assert child.output is not None
        child.output.drain()
        tail = child.output.tail()
        self._close(child)
        child.process = None
        child.failures = 1 if now - child.started > _STEADY else child.failures + 1
        if self._starting and child.failures >= _START_TRIES:
            raise ServiceError(f"{child.program.name} ended {child.failures} times (status {status}):\n{tail}")
        pause = _BACKOFF[min(child.failures, len(_BACKOFF)) - 1]
        child.due = now + pause
        self._console.heard(
            child.program.name,
            f"ended (status {status}); again in {pause:g} s; see {self._logs / child.program.name}.log",
            always=True,
        )

    def _close(self, child: Child) -> None:
        """Forget the pipe of a child that ended, and end whatever it left in its group."""
        if child.process is not None:
            signal_group(child.process.pid, signal.SIGKILL)
        if child.output is not None:
            if child.output.read_end in self._selector.get_map():
                self._selector.unregister(child.output.read_end)
            child.output.close()

    def _stop_level(self, children: list[Child]) -> None:
        running = [child for child in children if child.process is not None]
        for child in running:
            if child.process is not None and child.process.poll() is None:
                child.process.send_signal(child.program.stop_signal)
        begun, signals = time.monotonic(), self._signals
        while any(child.process is not None and child.process.poll() is None for child in running):
            self._read(0.05)
            late = time.monotonic() - begun
            for child in running:
                if child.process is not None and (late > child.grace or self._signals > max(signals, 1)):
                    signal_group(child.process.pid, signal.SIGKILL)
        for child in running:
            if child.output is not None:
                child.output.drain()
            self._close(child)
            child.process = None

    def _remember(self) -> None:
        """Write down who runs, for `end_leftovers` of the next supervisor."""
        running = [child for level in self._levels for child in level if child.process is not None]
        record = {
            child.program.name: [child.process.pid, started_at(child.process.pid), int(child.program.stop_signal)]
            for child in running
            if child.process is not None
        }
        draft = self._record.with_suffix(".draft")
        draft.write_text(json.dumps(record))
        os.replace(draft, self._record)


def _all_gone(pids: list[int]) -> bool:
    return not any(started_at(pid) for pid in pids)
