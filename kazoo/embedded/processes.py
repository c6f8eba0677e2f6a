"""Starting and ending processes so that none is left behind.

Every child leads a process group of its own, so that Ctrl-C in the terminal reaches only the supervisor, and has a
*death signal*: the kernel sends it when the supervisor dies, however it dies (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class ServiceError(Exception):
    """Something could not be started or stopped; the text is for the person at the terminal."""


@dataclass(frozen=True)
class Program:
    """One process to start. `user` is a numeric uid and gid to drop to; None stays as it is."""

    name: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    directory: Path = Path("/")
    user: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM


def spawn(program: Program, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Start it with stdout and stderr going to `output` and nothing to read. Raises ServiceError.

    The death signal follows the *thread* that started the child: call this from the main thread.
    """
    parent = os.getpid()

    def obey_the_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(program.death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    try:
        return subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **program.variables},
            cwd=program.directory,
            start_new_session=True,
            preexec_fn=obey_the_parent,
            user=program.user,
            group=program.user,
            extra_groups=no_groups(program.user),
        )
    except OSError as error:
        raise ServiceError(f"{program.name} cannot be started: {error.strerror} ({error.filename})")


def no_groups(user: int | None) -> list[int] | None:
    """The `extra_groups` of `subprocess` for a process that drops to `user`: none, where it would keep root's."""
    return None if user is None else []


def die_with_parent() -> None:
    """End this process with SIGTERM when the one that started it (make) is gone."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Ask again and again until it holds or `seconds` are over; answers whether it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def stop(process: subprocess.Popen[bytes], signal_number: signal.Signals, grace: float) -> None:
    """Ask the process to end, then end its whole group after `grace` seconds."""
    if process.poll() is None:
        process.send_signal(signal_number)
        wait_until(lambda: process.poll() is not None, grace)
    signal_group(process.pid, signal.SIGKILL)
    process.wait()


def signal_group(leader: int, signal_number: signal.Signals) -> None:
    """Signal the group of a child started by `spawn`; nothing happens when it is gone."""
    try:
        os.killpg(leader, signal_number)
    except (ProcessLookupError, PermissionError):
        pass


def started_at(pid: int) -> int | None:
    """When a process started, in clock ticks since boot (proc(5), field 22); None when there is none or a zombie.

    With the pid it names a process for good, for pids are used again.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def command_of(pid: int) -> str:
    """The command line of a process, for people; empty when it cannot be read."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
