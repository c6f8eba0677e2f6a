"""The PostgreSQL and Valkey the tests run on.

`claim` points the environment at a home and ports of the test run's own, before any setting is read. `Services`
starts them: once, by the process that runs pytest. Workers of pytest-xdist inherit its environment and use its
PostgreSQL, where each has a database of its own; each starts a Valkey of its own (`WorkerValkey`), for messages and
queues know no databases.

`KAZOO_TEST_HOME` names a home to keep: the cluster and the test databases in it are used again by the next run, which
saves the migrations (`--create-db` makes them anew). With `DATABASE_URL` and the other URLs set, those services are
used and nothing is started.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import tempfile
from pathlib import Path

from kazoo.embedded.console import Console
from kazoo.embedded.lock import HomeLock
from kazoo.embedded.place import find_place
from kazoo.embedded.postgres import EmbeddedPostgres
from kazoo.embedded.valkey import EmbeddedValkey
from kazoo.environment import Ports, load_environment
from kazoo.secret_store import prepare_home

CLAIMED = "KAZOO_TEST_CLAIMED"
#: Set by pytest-xdist: "gw0", "gw1" …
WORKER = "PYTEST_XDIST_WORKER"
OWN_HOME, OWN_PORT = "KAZOO_TEST_WORKER_HOME", "KAZOO_TEST_WORKER_PORT"
LEAVE_ALONE = ("KAZOO_EMBEDDED", "KAZOO_TEST_HOME")


def claim() -> None:
    """Give this run a home and free ports, and hide what the developer's own copy is set to."""
    if CLAIMED in os.environ:
        if WORKER in os.environ and load_environment(os.environ).needs_valkey:
            _claim_valkey()
        return
    for name in [name for name in os.environ if name.startswith("KAZOO_") and name not in LEAVE_ALONE]:
        del os.environ[name]
    for name in ("DEMO_TRAFFIC", "EMAIL_URL"):
        os.environ.pop(name, None)
    kept = os.environ.get("KAZOO_TEST_HOME")
    home = Path(kept).resolve() if kept else Path(tempfile.mkdtemp(prefix="kazoo-tests-"))
    if kept:
        prepare_home(home)
    else:
        home.chmod(0o711)
    os.environ.update(
        KAZOO_HOME=str(home),
        KAZOO_PORT=str(free_web_port()),
        KAZOO_DEMO="0",
        KAZOO_SWITCH="none",
        KAZOO_API_TOKENS="1000000",  # tests are quicker than any client; what tests the limit sets its own
        **{CLAIMED: str(os.getpid())},
    )


def _claim_valkey() -> None:
    """Point a worker at the Valkey it is going to start."""
    home = Path(os.environ["KAZOO_HOME"]) / os.environ[WORKER]
    home.mkdir(mode=0o700, exist_ok=True)
    port = str(free_web_port())
    own = load_environment({"KAZOO_HOME": str(home), "KAZOO_PORT": port})
    os.environ.update(
        BROKER_URL=own.effective_broker_url,
        REDIS_URL=own.effective_redis_url,
        KAZOO_EMBEDDED="1",  # PostgreSQL stays the run's
        **{OWN_HOME: str(home), OWN_PORT: port},
    )


def free_web_port() -> int:
    """A web port all of whose followers are free now. No two workers of a run choose among the same ones, nor, up to
    eight, among those with the same range of ports for RTP (`Ports.after`)."""
    worker, workers = os.environ.get(WORKER, "gw0"), int(os.environ.get(f"{WORKER}_COUNT", "1"))
    own, every = int(worker.removeprefix("gw")) % workers, max(8, workers)
    candidates = [10000 + 10 * place for place in range(600) if place % every % workers == own]
    random.shuffle(candidates)
    return next(port for port in candidates if _all_free(Ports.after(port)))


def _all_free(ports: Ports) -> bool:
    for port in range(ports.web, ports.sip_external + 1):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    return False
    return True


class Services:
    """Started and stopped with the run; careless about power cuts, for speed."""

    def __init__(self) -> None:
        self.environment = load_environment(os.environ)
        self._kept = "KAZOO_TEST_HOME" in os.environ
        self._lock = HomeLock(self.environment.home)
        self._running: list[EmbeddedPostgres | EmbeddedValkey] = []

    def start(self) -> None:
        """Start what has no URL of its own. Raises ServiceError."""
        self._lock.acquire(Console())
        if self.environment.needs_postgres:
            self._start(EmbeddedPostgres(self.environment, durable=False))
        if self.environment.needs_valkey:
            self._start(EmbeddedValkey(self.environment, durable=False))

    def _start(self, service: EmbeddedPostgres | EmbeddedValkey) -> None:
        self._running.append(service)
        service.start()

    def stop(self) -> None:
        """Stop them, and remove a home that is not to be kept."""
        self._lock.stopping()
        for service in reversed(self._running):
            service.stop()
        if not self._kept:
            place = find_place(self.environment.home)
            shutil.rmtree(place.root, ignore_errors=True)
            shutil.rmtree(self.environment.home, ignore_errors=True)
        self._lock.release()


class WorkerValkey:
    """The Valkey of one worker of pytest-xdist, where `claim` has named one."""

    def __init__(self) -> None:
        self._home, port = os.environ[OWN_HOME], os.environ[OWN_PORT]
        own = load_environment({"KAZOO_HOME": self._home, "KAZOO_PORT": port})
        self._valkey = EmbeddedValkey(own, durable=False)

    @staticmethod
    def is_claimed() -> bool:
        return OWN_HOME in os.environ and WORKER in os.environ

    def start(self) -> None:
        """Raises ServiceError."""
        self._valkey.start()

    def stop(self) -> None:
        self._valkey.stop()
        shutil.rmtree(self._home, ignore_errors=True)
