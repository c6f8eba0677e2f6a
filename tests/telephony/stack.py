"""The system as it runs: web, switch process, call servers and one node (real FreeSWITCH or the lab switch), each a
process of its own, on free ports and the tests' database.

    async with Stack("freeswitch") as stack:
        phone = await SipPhone("1001", "bakery.test", "secret").open(stack.internal)

What a test writes must be committed, or the processes will not see it: use a committed company (tests.company).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote

from django.db import connection

from apps.foundation.accounts.bridge import in_directory
from apps.switching.esl.client import EslClient
from apps.switching.switches.models import NodeState, SwitchNode
from kazoo.embedded.freeswitch import lab_program, render, start_command
from kazoo.environment import Environment, environment, load_environment
from kazoo.variables import REPOSITORY
from tests.services import free_web_port

Kind = Literal["freeswitch", "lab"]
START_SECONDS = 60.0
#: Where customers have web servers of their own: what they name in a document may be fetched from here.
CUSTOMER_SERVER = "127.0.0.77"


class Stack:
    """`environment` is the one the processes run in; `internal` and `external` are the SIP profiles' addresses."""

    def __init__(self, kind: Kind, *, worker: bool = False, call_servers: int = 1) -> None:
        self.kind, self._with_worker, self.call_servers = kind, worker, call_servers
        self.home = Path(tempfile.mkdtemp(prefix="kazoo-stack-"))
        self.variables = self._variables()
        self.environment: Environment = load_environment(self.variables)
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    @property
    def internal(self) -> tuple[str, int]:
        return "127.0.0.1", self.environment.ports.sip_internal

    @property
    def external(self) -> tuple[str, int]:
        return "127.0.0.1", self.environment.ports.sip_external

    async def __aenter__(self) -> Stack:
        try:
            self._manage("web")
            await until(self._web_answers, "the web process answers")
            self._begin_node()
            self._manage("switch")
            for place in range(1, self.call_servers + 1):
                self._manage("calls", str(place))
            if self._with_worker:
                self._manage("worker", "--concurrency", "1")
            await until(self._node_is_up, "the switch process reaches the node")
            await until(self._all_watched, "the switch process reaches the call servers")
        except BaseException:
            print(self.logs())  # noqa: T201 - pytest shows it with the failure
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print(self.logs())  # noqa: T201 - pytest shows it with the failure
        await self.stop()

    async def esl(self) -> EslClient:
        """A connection of the test's own to the node's event socket. Close it."""
        return await EslClient.connect("127.0.0.1", self.environment.ports.esl, self.environment.esl_password)

    def end(self, name: str, *, roughly: bool = False) -> None:
        """Stop one process (`web`, `switch`, `calls-1`, `node`, `worker`), to see what the others do."""
        for running, process in self._running:
            if running == name:
                process.send_signal(signal.SIGKILL if roughly else signal.SIGTERM)
                process.wait(20)

    def begin(self, name: str) -> None:
        """Start a process again, the node too."""
        self._running = [(running, process) for running, process in self._running if running != name]
        if name == "node":
            self._begin_node()
        else:
            self._manage(*name.split("-"))

    def _begin_node(self) -> None:
        if self.kind == "freeswitch":
            render_in(self.environment, self.variables)
            self._run("node", start_command(self.environment))
        else:
            program = lab_program(self.environment)
            self._run("node", list(program.command), dict(program.variables))

    def log_of(self, name: str) -> str:
        """All a process has written, before and after it was started again."""
        return (self.home / f"{name}.out").read_text(errors="replace")

    async def node_is_up(self) -> bool:
        """Whether the switch process has reached the node since it was started."""
        return await in_directory(
            lambda: SwitchNode.objects.filter(
                name="local", state=NodeState.UP, port=self.environment.ports.esl
            ).exists()
        )

    def logs(self) -> str:
        """The last lines of every process."""
        found = [*self.home.glob("*.out"), *self.home.glob("freeswitch/log/freeswitch.log")]
        return "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')[-4000:]}" for file in found)

    async def stop(self) -> None:
        for _, process in reversed(self._running):
            if process.poll() is None:
                process.terminate()
        for _, process in reversed(self._running):
            try:
                await asyncio.to_thread(process.wait, 15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def _variables(self) -> dict[str, str]:
        database = connection.settings_dict
        url = (
            f"postgresql://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
            f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        )
        return {
            "PATH": os.environ["PATH"],
            "KAZOO_HOME": str(self.home),
            "KAZOO_PORT": str(free_web_port()),
            "KAZOO_DEMO": "0",
            "KAZOO_SWITCH": self.kind,
            "KAZOO_CALL_SERVERS": str(self.call_servers),
            "KAZOO_SECRET_KEY": environment.secret_key,
            "KAZOO_OUTBOUND_ALLOWED": CUSTOMER_SERVER,
            "KAZOO_ENCRYPTION_KEY": environment.encryption_key,
            "DATABASE_URL": url,
            "BROKER_URL": environment.effective_broker_url,
            "REDIS_URL": environment.effective_redis_url,
            "PYTHONUNBUFFERED": "1",
        }

    def _manage(self, *words: str) -> None:
        name = "-".join(words) if words[0] == "calls" else words[0]
        self._run(name, [sys.executable, "manage.py", *words])

    def _run(self, name: str, command: list[str], variables: dict[str, str] | None = None) -> None:
        with (self.home / f"{name}.out").open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=self.variables | (variables or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._running.append((name, process))

    def _web_answers(self) -> bool:
        self._still_running()
        try:
            with urllib.request.urlopen(f"{self.environment.local_url}freeswitch/xml", timeout=1):
                return True
        except urllib.error.HTTPError as error:
            return error.code == 405
        except OSError:
            return False

    def _all_watched(self) -> bool:
        self._still_running()
        return self.log_of("switch").count(" is there") >= self.call_servers

    async def _node_is_up(self) -> bool:
        self._still_running()
        return await self.node_is_up()

    def _still_running(self) -> None:
        for name, process in self._running:
            assert process.poll() is None, f"{name} ended:\n{self.logs()}"


@contextmanager
def running(stack: Stack) -> Iterator[Stack]:
    """The same for a fixture that outlives one test's event loop."""
    asyncio.run(stack.__aenter__())
    try:
        yield stack
    finally:
        asyncio.run(stack.stop())


def render_in(settings: Environment, variables: dict[str, str]) -> None:
    """The node's configuration, written as `manage.py up` does, but in the stack's environment."""
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        render(settings)
    finally:
        os.environ.clear()
        os.environ.update(kept)


async def until(condition: Callable[[], Any], what: str, seconds: float = START_SECONDS) -> Any:
    """Wait for a truth, from a function or a coroutine function. Raises AssertionError with `what`."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(0.05)
