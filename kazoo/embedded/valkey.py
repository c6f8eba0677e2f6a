"""A Valkey of our own: Celery's broker (database 0), cache and channel layer (database 1)."""

from __future__ import annotations

import os
import signal
import subprocess

import redis

from kazoo.embedded.ports import PortNeed, check_ports
from kazoo.embedded.processes import Program, ServiceError, spawn, stop, wait_until
from kazoo.embedded.programs import find_valkey
from kazoo.environment import Environment

_CONFIGURATION = """# Written at every start; changes are lost.
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir {folder}
daemonize no
pidfile ""
save {save}
appendonly {append}
appendfsync everysec
"""


class EmbeddedValkey:
    """`durable=False` (tests) keeps nothing on disk."""

    def __init__(self, environment: Environment, *, durable: bool = True) -> None:
        self.home = environment.home
        self.port = environment.ports.valkey
        self.durable = durable
        self._web_port = environment.port
        self._password = environment.secrets.valkey_password
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Write the configuration; the password is in a file because command lines can be read by everybody."""
        folder = self.home / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        text = _CONFIGURATION.format(
            port=self.port,
            password=self._password,
            folder=folder,
            save='""' if not self.durable else "3600 1 300 100",
            append="yes" if self.durable else "no",
        )
        descriptor = os.open(folder / "valkey.conf", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)

    def program(self) -> Program:
        """How to start the server; `prepare` comes first."""
        folder = self.home / "valkey"
        return Program("valkey", (find_valkey(), str(folder / "valkey.conf")), directory=folder)

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with redis.Redis(port=self.port, password=self._password, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def start(self, seconds: float = 15) -> None:
        """Start it without a supervisor and wait until it answers. Raises ServiceError with the log's last lines."""
        self.prepare()
        check_ports([PortNeed("Valkey", "127.0.0.1", self.port)], self._web_port)
        log = self.home / "log" / "valkey.log"
        log.parent.mkdir(mode=0o700, exist_ok=True)
        with log.open("ab") as output:
            process = self._process = spawn(self.program(), output)
        ready = wait_until(lambda: process.poll() is not None or self.is_ready(), seconds)
        if not ready or process.poll() is not None:
            self.stop()
            lines = log.read_text(errors="replace").splitlines()[-5:]
            raise ServiceError("Valkey did not start:\n" + "\n".join(lines))

    def stop(self, grace: float = 10) -> None:
        """End it; what it holds is written first."""
        if self._process is not None:
            stop(self._process, signal.SIGTERM, grace)
            self._process = None
