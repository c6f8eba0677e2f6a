"""A PostgreSQL of our own: made once, started as a child, found again after a crash."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

from kazoo.embedded.place import Place, find_place, readable_copy
from kazoo.embedded.ports import PortNeed, check_ports
from kazoo.embedded.processes import Program, ServiceError, command_of, no_groups, spawn, stop, wait_until
from kazoo.embedded.programs import PostgresPrograms, find_postgres
from kazoo.environment import Environment

SOCKET_DIRECTORY = Path("/tmp")  # noqa: S108 - PostgreSQL's own default; a socket's path has room for 107 bytes only
OWNER = "postgres"
ROLE = "kazoo"
DATABASE = "kazoo"

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": str(SOCKET_DIRECTORY),
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_locks_per_transaction": "256",  # many schemas: a clone or a drop locks every table of one
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """The cluster of one copy. `durable=False` (tests) trades safety after a power cut for speed.

    The superuser `postgres` belongs to this class; the role `kazoo`, not a superuser, owns the database `kazoo` and
    may create others. Both have the password in `secrets.json`.
    """

    def __init__(self, environment: Environment, *, durable: bool = True, system: bool = True) -> None:
        self.home = environment.home
        self.port = environment.ports.postgres
        self.durable = durable
        self._web_port = environment.port
        self._password = environment.secrets.database_password
        self._system = system
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Make the cluster if there is none, and end a server that an earlier run left behind. Raises ServiceError."""
        self.place: Place = find_place(self.home)
        version = self.place.data / "PG_VERSION"
        major = int(version.read_text()) if version.exists() else None
        found = find_postgres(major, system=self._system)
        folder = readable_copy(found.folder, self.place) if found.bundled else found.folder
        self.programs = PostgresPrograms(folder, found.major, found.bundled)
        if major is None:
            self._initialise()
        self._end_leftover()

    def program(self) -> Program:
        """How to start the server; `prepare` comes first.

        SIGINT is PostgreSQL's fast shutdown, so even when the supervisor is killed the cluster is closed cleanly.
        """
        settings = {"port": str(self.port), **_SETTINGS, **({} if self.durable else _CARELESS)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            command=(self.programs.program("postgres"), "-D", str(self.place.data), *options),
            variables={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            user=self.place.user,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        try:
            with self._connect():
                return True
        except psycopg.OperationalError:
            return False

    def ensure_database(self) -> None:
        """Create the role and the database where they are missing."""
        with self._connect() as connection:
            role, password = sql.Identifier(ROLE), sql.Literal(self._password)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, password))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                name = sql.Identifier(DATABASE)
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))

    def start(self, seconds: float = 60) -> None:
        """Start it without a supervisor and wait until it is ready. Raises ServiceError with the log's last lines."""
        self.prepare()
        check_ports([PortNeed("PostgreSQL", "127.0.0.1", self.port)], self._web_port)
        log = self.home / "log" / "postgres.log"
        log.parent.mkdir(mode=0o700, exist_ok=True)
        with log.open("ab") as output:
            process = self._process = spawn(self.program(), output)
        ready = wait_until(lambda: process.poll() is not None or self.is_ready(), seconds)
        if not ready or process.poll() is not None:
            self.stop()
            lines = log.read_text(errors="replace").splitlines()[-5:]
            raise ServiceError("PostgreSQL did not start:\n" + "\n".join(lines))
        self.ensure_database()

    def stop(self, grace: float = 20) -> None:
        """Fast shutdown: sessions are cut, everything is written."""
        if self._process is not None:
            stop(self._process, signal.SIGINT, grace)
            self._process = None

    @contextmanager
    def _connect(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=OWNER,
            password=self._password,
            dbname="postgres",
            connect_timeout=2,
            autocommit=True,
        ) as connection:
            yield connection

    def _initialise(self) -> None:
        """Run initdb into a draft folder, so that one that was cut off half-way is never taken for a cluster."""
        draft = self.place.root / "postgres.draft"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        password_file = self.place.root / ".postgres-password"
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self._password)
        if self.place.user is not None:
            for path in (draft, password_file):
                os.chown(path, self.place.user, self.place.user)
        command = [self.programs.program("initdb"), "-D", str(draft), "-U", OWNER, "--auth=scram-sha-256"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", f"--pwfile={password_file}", "--no-instructions"]
        command += [] if self.durable else ["--no-sync"]
        done = subprocess.run(
            command,
            cwd="/",
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
            user=self.place.user,
            group=self.place.user,
            extra_groups=no_groups(self.place.user),
        )
        password_file.unlink()
        if done.returncode != 0:
            raise ServiceError(f"The database could not be made in {draft}:\n{(done.stderr or done.stdout).strip()}")
        draft.rename(self.place.data)

    def _end_leftover(self) -> None:
        """End a server that still runs on this cluster; clear the lock files of one that does not.

        PostgreSQL trusts a lock file when *any* process of its user has the pid in it, which after a restart of the
        machine is often true; so the pid is looked at here first.
        """
        lock_files = [self.place.data / "postmaster.pid", SOCKET_DIRECTORY / f".s.PGSQL.{self.port}.lock"]
        for lock_file in lock_files:
            try:
                lines = lock_file.read_text().splitlines()
                pid, folder = int(lines[0]), lines[1]
            except (OSError, ValueError, IndexError):
                continue
            if folder != str(self.place.data):
                continue
            if _is_postgres(pid):
                os.kill(pid, signal.SIGINT)
                if not wait_until(partial(_is_gone, pid), 20):
                    raise ServiceError(f"The PostgreSQL of an earlier run (pid {pid}) does not end")
            lock_file.unlink(missing_ok=True)


def _is_gone(pid: int) -> bool:
    return not _is_postgres(pid)


def _is_postgres(pid: int) -> bool:
    return "postgres" in command_of(pid).partition(" ")[0]
