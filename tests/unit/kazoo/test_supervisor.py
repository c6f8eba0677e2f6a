"""The supervisor with dummy children: order, restarts, clean stops, and nothing left behind when it is killed."""

from __future__ import annotations

import io
import os
import pty
import select
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kazoo.embedded.console import Console, table
from kazoo.embedded.lock import HomeLock
from kazoo.embedded.ports import PortNeed, check_ports, owner_of
from kazoo.embedded.processes import Program, ServiceError, started_at, wait_until
from kazoo.embedded.supervisor import Child, Stopped, Supervisor
from kazoo.variables import REPOSITORY


class Stage:
    """A supervisor, what it printed, and dummy children written in shell."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.printed = io.StringIO()
        self.console = Console(stream=self.printed)
        self.supervisor = Supervisor(home, self.console)

    def child(self, name: str, script: str, **options: object) -> Child:
        return Child(self.program(name, script), **options)  # type: ignore[arg-type]

    def program(self, name: str, script: str) -> Program:
        return Program(name, ("/bin/sh", "-c", script), directory=self.home)

    def log(self, name: str) -> str:
        path = self.home / "log" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def turn_until(self, condition: object, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < deadline, self.printed.getvalue()
            self.supervisor.turn()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.supervisor.stop()


def test_output_goes_to_the_log_and_only_trouble_to_the_console(stage: Stage) -> None:
    script = "echo 'INFO fine'; echo 'ERROR not fine' >&2; printf 'no newline'; sleep 60"
    stage.supervisor.start([stage.child("web", script)])
    stage.turn_until(lambda: "no newline" in stage.log("web"))
    assert stage.log("web") == "INFO fine\nERROR not fine\nno newline"
    assert stage.printed.getvalue() == "       web | ERROR not fine\n"
    assert stat.S_IMODE((stage.home / "log" / "web.log").stat().st_mode) == 0o600


def test_a_level_is_waited_for(stage: Stage) -> None:
    ready = stage.home / "ready"
    child = stage.child("web", "sleep 0.3; touch ready; sleep 60", ready=ready.exists)
    stage.supervisor.start([child])
    assert ready.exists()


def test_an_announcement_is_waited_for(stage: Stage) -> None:
    child = stage.child("worker", "sleep 0.3; touch said; echo celery@here ready.; sleep 60", announcement=" ready.")
    stage.supervisor.start([child])
    assert (stage.home / "said").exists()


def test_a_level_that_is_never_ready_is_told(stage: Stage) -> None:
    with pytest.raises(ServiceError, match="web was not ready within 0 s"):
        stage.supervisor.start([stage.child("web", "sleep 60", ready=lambda: False)], seconds=0.3)


def test_a_child_comes_after_another(stage: Stage) -> None:
    web = stage.child("web", "sleep 0.3; touch ready; sleep 60", ready=(stage.home / "ready").exists)
    switch = stage.child("switch", "test -e ready && touch asked; sleep 60", after=web)
    beside = stage.child("calls", "test -e ready || touch beside; sleep 60")
    stage.supervisor.start([web, beside], [switch])
    stage.turn_until((stage.home / "asked").exists)
    assert (stage.home / "beside").exists()


def test_a_child_is_started_again_without_the_one_it_came_after(stage: Stage) -> None:
    web = stage.child("web", "echo up; sleep 60", announcement="up")
    worker = stage.child("worker", "echo $$ >> starts; sleep 60", after=web)
    stage.supervisor.start([web, worker])
    stage.supervisor._starting = False
    starts = stage.home / "starts"
    stage.turn_until(starts.exists)
    assert web.process is not None
    assert worker.process is not None
    web.program = stage.program("web", "sleep 60")
    for process in (web.process, worker.process):
        os.kill(process.pid, signal.SIGKILL)
    stage.turn_until(lambda: len(starts.read_text().split()) == 2)
    assert not web.can_be_used()


def test_levels_started_together_are_stopped_one_by_one(stage: Stage) -> None:
    script = "trap 'echo {0} >> stopped; exit' TERM; touch {0}; while :; do sleep 0.05; done"
    ours, switch = (stage.child(name, script.format(name), ready=(stage.home / name).exists) for name in ("web", "lab"))
    stage.supervisor.start([ours], [switch])
    stage.supervisor.stop()
    assert (stage.home / "stopped").read_text().split() == ["lab", "web"]


def test_a_child_that_ends_is_started_again(stage: Stage) -> None:
    child = stage.child("worker", "echo $$ >> starts; sleep 60")
    stage.supervisor.start([child])
    stage.supervisor._starting = False
    starts = stage.home / "starts"
    stage.turn_until(starts.exists)
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    stage.turn_until(lambda: len(starts.read_text().split()) == 2)
    assert child.process is not None
    assert child.process.pid != first
    assert "worker | ended (status -9); again in 0.5 s" in stage.printed.getvalue()


def test_pauses_between_restarts_grow(stage: Stage) -> None:
    child = stage.child("beat", "exit 3")
    stage.supervisor.start([child])
    stage.supervisor._starting = False
    stage.turn_until(lambda: "again in 2 s" in stage.printed.getvalue())
    text = stage.printed.getvalue()
    assert text.index("again in 0.5 s") < text.index("again in 1 s") < text.index("again in 2 s")


def test_a_child_that_cannot_run_stops_the_start(stage: Stage) -> None:
    with pytest.raises(ServiceError, match=r"(?s)web ended 3 times \(status 7\):.*no module named web"):
        stage.supervisor.start([stage.child("web", "echo no module named web; exit 7", ready=lambda: False)])


def test_a_program_that_is_not_there_is_told(stage: Stage) -> None:
    child = Child(Program("web", ("/nowhere/web",), directory=stage.home))
    with pytest.raises(ServiceError, match="web cannot be started: No such file or directory"):
        stage.supervisor.start([child])


def test_a_task_is_shown_and_its_failure_told(stage: Stage) -> None:
    stage.supervisor.run(stage.program("prepare", "echo migrating"))
    assert "prepare | migrating" in stage.printed.getvalue()
    with pytest.raises(ServiceError, match=r"(?s)prepare failed \(status 1\):.*bad migration"):
        stage.supervisor.run(stage.program("prepare", "echo bad migration; exit 1"))


def test_later_levels_are_stopped_first(stage: Stage) -> None:
    script = "trap 'echo {0} >> stopped; exit' TERM; touch {0}; while :; do sleep 0.05; done"
    names = ("database", "web")
    for name in names:
        stage.supervisor.start([stage.child(name, script.format(name), ready=(stage.home / name).exists)])
    stage.supervisor.stop()
    assert (stage.home / "stopped").read_text().split() == ["web", "database"]


def test_a_stubborn_child_is_killed_with_all_it_started(stage: Stage) -> None:
    script = "trap '' TERM; sleep 1000 & echo $! > grandchild; wait; while :; do sleep 0.1; done"
    child = stage.child("web", script, grace=0.3)
    stage.supervisor.start([child])
    grandchild = stage.home / "grandchild"
    stage.turn_until(lambda: grandchild.exists() and grandchild.read_text().strip())
    pid = int(grandchild.read_text())
    stage.supervisor.stop()
    assert wait_until(lambda: started_at(pid) is None, 5)


def test_a_signal_asks_to_stop(stage: Stage) -> None:
    with stage.supervisor.listening_for_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped):
            stage.supervisor.watch()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


KILLED = """
import sys, pathlib
from kazoo.embedded.console import Console
from kazoo.embedded.processes import Program
from kazoo.embedded.supervisor import Child, Supervisor
home = pathlib.Path(sys.argv[1])
supervisor = Supervisor(home, Console())
command = ("/bin/sh", "-c", sys.argv[2])
child = Child(Program("web", command, directory=home), ready=(home / "up").exists)
supervisor.start([child])
print(child.process.pid, flush=True)
supervisor.watch()
"""


def killed_supervisor(home: Path, script: str) -> int:
    """The pid of a child whose supervisor was killed with SIGKILL."""
    command = [sys.executable, "-c", KILLED, str(home), script]
    supervisor = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    return pid


IN_A_TERMINAL = """
import sys, pathlib
from kazoo.embedded.console import Console
from kazoo.embedded.processes import Program
from kazoo.embedded.supervisor import Child, Stopped, Supervisor
home = pathlib.Path(sys.argv[1])
console = Console()
supervisor = Supervisor(home, console)
script = "trap 'echo polite >> {0}.end; exit' TERM; trap 'echo rude >> {0}.end' INT; touch {0}; "
script += "while :; do sleep 0.1; done"
children = [
    Child(Program(name, ("/bin/sh", "-c", script.format(name)), directory=home), ready=(home / name).exists)
    for name in ("web", "worker")
]
with supervisor.listening_for_signals():
    try:
        supervisor.start(children)
        console.line(f"pids: {children[0].process.pid} {children[1].process.pid} .")
        supervisor.watch()
    except Stopped:
        supervisor.stop()
        console.line("Stopped.")
"""


def read_until(terminal: int, text: bytes) -> bytes:
    seen = b""
    while text not in seen:
        assert select.select([terminal], [], [], 20)[0], seen
        seen += os.read(terminal, 4096)
    return seen


def test_control_c_in_a_terminal_stops_all_politely(tmp_path: Path) -> None:
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(REPOSITORY)
        os.execv(sys.executable, [sys.executable, "-c", IN_A_TERMINAL, str(tmp_path)])
    children = [int(word) for word in read_until(terminal, b" .").split(b"pids:")[1].split()[:2]]
    os.write(terminal, b"\x03")
    read_until(terminal, b"Stopped.")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert [started_at(child) for child in children] == [None, None]
    assert [(tmp_path / f"{name}.end").read_text() for name in ("web", "worker")] == ["polite\n", "polite\n"]


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    pid = killed_supervisor(tmp_path, "touch up; exec sleep 1000")
    assert wait_until(lambda: started_at(pid) is None, 5)


def test_the_next_supervisor_ends_a_child_that_outlived_its_own(tmp_path: Path) -> None:
    pid = killed_supervisor(tmp_path, "trap 'touch asked' TERM; touch up; while :; do sleep 0.1; done")
    assert wait_until((tmp_path / "asked").exists, 5)
    assert started_at(pid)
    (tmp_path / "asked").unlink()
    supervisor = Supervisor(tmp_path, Console())
    supervisor.end_leftovers()
    assert started_at(pid) is None
    assert not (tmp_path / "processes.json").exists()


def test_a_pid_used_again_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "processes.json").write_text(f'{{"web": [{os.getpid()}, 1, 15]}}')
    Supervisor(tmp_path, Console()).end_leftovers()


def test_one_supervisor_for_a_home(tmp_path: Path) -> None:
    first, second = HomeLock(tmp_path), HomeLock(tmp_path)
    first.acquire(Console())
    with pytest.raises(ServiceError, match=rf"already running on KAZOO_HOME=.* \(pid {os.getpid()}\)"):
        second.acquire(Console())
    first.release()
    second.acquire(Console())
    second.release()


HOLDER = """
import sys, pathlib, time
from kazoo.embedded.console import Console
from kazoo.embedded.lock import HomeLock
lock = HomeLock(pathlib.Path(sys.argv[1]))
lock.acquire(Console())
lock.stopping()
print("held", flush=True)
time.sleep(1.5)
"""


def test_a_holder_on_its_way_out_is_waited_for(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        lock = HomeLock(tmp_path)
        lock.acquire(Console())
        assert holder.wait(5) == 0
    lock.release()


@pytest.mark.parametrize("udp", [False, True])
def test_a_port_in_use_names_variable_and_owner(udp: bool) -> None:
    with socket.socket(type=socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        if not udp:
            taken.listen()
        port = taken.getsockname()[1]
        assert f"(pid {os.getpid()})" in (owner_of(port, udp=udp) or "")
        with pytest.raises(ServiceError) as raised:
            check_ports([PortNeed("web", "127.0.0.1", port, udp)], 8000)
        text = str(raised.value)
        assert f"Port {port} (web) is in use by" in text
        assert "KAZOO_PORT=8000" in text
        assert "KAZOO_PORT=8010 make run" in text
    check_ports([PortNeed("web", "127.0.0.1", port, udp)], 8000)


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(ServiceError, match=r"cannot be opened on 192.0.2.1 \(KAZOO_HOST\)"):
        check_ports([PortNeed("web", "192.0.2.1", 8000)], 8000)


def test_what_takes_long_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    stream = io.StringIO()
    console = Console(stream=stream)
    with console.phase("Quick"):
        console.tick()
    assert stream.getvalue() == ""
    with console.phase("Migrating"):
        for now in (101.0, 102.1, 104.0, 107.2):  # noqa: B007 - read by the clock above
            console.tick()
    assert stream.getvalue() == "Migrating … 2 s\nMigrating … 7 s\nMigrating: done in 7.2 s\n"


def test_a_table_is_as_wide_as_its_cells() -> None:
    lines: list[str] = []
    table(("Account", "Role"), [("Northwind", "reseller")], lines.append)
    assert lines == ["  Account    Role", "  ---------  --------", "  Northwind  reseller"]
