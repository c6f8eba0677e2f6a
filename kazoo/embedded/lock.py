"""One supervisor for one KAZOO_HOME."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from kazoo.embedded.console import Console
from kazoo.embedded.processes import ServiceError, wait_until

_STOPPING = "stopping"
_PATIENCE = 60.0


class HomeLock:
    """A lock the kernel lets go of when its holder dies, so it is never stale. The file says who holds it."""

    def __init__(self, home: Path) -> None:
        self.path = home / "supervisor.lock"
        self._descriptor = -1
        self._held = False

    def acquire(self, console: Console) -> None:
        """Take it, waiting for a holder that is on its way out. Raises ServiceError when one is at work."""
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # A supervisor whose `make` was killed needs a moment to hear of it, hence the short first wait.
        if not wait_until(lambda: self._try() or _STOPPING in self._note(), 1.0):
            pid = self._note().partition(" ")[0]
            raise ServiceError(
                f"A copy is already running on KAZOO_HOME={self.path.parent} (pid {pid}).\n"
                "Stop it first, or run a second copy beside it, for example\n"
                "  KAZOO_HOME=.kazoo-2 KAZOO_PORT=8010 make run"
            )
        if not self._held:
            with console.phase("Waiting for the previous copy to stop"):

                def free() -> bool:
                    console.tick()
                    return self._try()

                if not wait_until(free, _PATIENCE):
                    raise ServiceError(f"The previous copy (pid {self._note()}) does not stop")
        self._write(str(os.getpid()))

    def stopping(self) -> None:
        """Tell whoever wants the lock that waiting is worth it."""
        self._write(f"{os.getpid()} {_STOPPING}")

    def release(self) -> None:
        """Let go of it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _try(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._held = True
        return True

    def _note(self) -> str:
        return os.pread(self._descriptor, 100, 0).decode(errors="replace").strip()

    def _write(self, text: str) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{text}\n".encode(), 0)
