"""`manage.py up`: the whole system on one machine, from nothing to the line "Kazoo is ready"."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial

from kazoo.embedded.console import Console, table
from kazoo.embedded.freeswitch import switch_child
from kazoo.embedded.lock import HomeLock
from kazoo.embedded.ports import PortNeed, check_ports, is_listening
from kazoo.embedded.postgres import EmbeddedPostgres
from kazoo.embedded.processes import Program, ServiceError
from kazoo.embedded.supervisor import Child, Stopped, Supervisor
from kazoo.embedded.valkey import EmbeddedValkey
from kazoo.environment import Environment
from kazoo.secret_store import prepare_home
from kazoo.variables import EVERY_ADDRESS, REPOSITORY

_HEALTH_PATH = "healthz"


def up(environment: Environment, console: Console) -> int:
    """Run everything until told to stop. Answers the exit status: 0 after a stop that was asked for, 1 on trouble."""
    prepare_home(environment.home)
    lock = HomeLock(environment.home)
    supervisor = Supervisor(environment.home, console)
    status = 0
    try:
        lock.acquire(console)
        with supervisor.listening_for_signals():
            try:
                _start_everything(environment, console, supervisor)
                supervisor.watch()
            except Stopped:
                console.line("Stopping …")
            except (ServiceError, OSError) as error:
                console.line(f"\n{error}\n")
                status = 1
            finally:
                lock.stopping()
                with console.phase("Stopping"):
                    supervisor.stop()
                console.line("Stopped.")
    except ServiceError as error:
        console.line(f"\n{error}\n")
        status = 1
    finally:
        lock.release()
    return status


def _start_everything(environment: Environment, console: Console, supervisor: Supervisor) -> None:
    started = time.monotonic()
    supervisor.end_leftovers()
    postgres, valkey = EmbeddedPostgres(environment), EmbeddedValkey(environment)
    with console.phase("Starting the database and the queue"):
        if environment.needs_postgres:
            postgres.prepare()
        check_ports(port_needs(environment), environment.port)
        _start_services(environment, supervisor, postgres, valkey)
    with console.phase("Preparing the database"):
        supervisor.run(manage("prepare"))
    with console.phase("Starting the processes"):
        supervisor.start(*_processes(environment), seconds=120)
    console.line(f"Kazoo is ready: {environment.public_url}")
    _print_logins(environment, console)
    console.line(
        f"Ready after {time.monotonic() - started:.1f} s. Logs: {environment.log_directory}. Stop with Ctrl-C."
    )


def _start_services(
    environment: Environment, supervisor: Supervisor, postgres: EmbeddedPostgres, valkey: EmbeddedValkey
) -> None:
    services = []
    if environment.needs_postgres:
        services.append(Child(postgres.program(), postgres.prepare, postgres.is_ready, grace=30))
    if environment.needs_valkey:
        services.append(Child(valkey.program(), valkey.prepare, valkey.is_ready))
    supervisor.start(services)
    if environment.needs_postgres:
        postgres.ensure_database()


def _processes(environment: Environment) -> list[list[Child]]:
    """Our own processes, and the switch, which is stopped before them.

    A call server is ready when it listens, the switch process when it hears the switch that is started here. The
    longest way to "ready" is the web process, then the switch, which asks it for its configuration: so little else is
    started beside the web process, for a machine of two cores.
    """
    web = Child(manage("web"), ready=_health(environment))
    switch = switch_child(environment, after=web)
    first, *others = [
        Child(manage("calls", str(place)), ready=partial(_listens, environment, port), after=web)
        for place, port in enumerate(environment.ports.call_servers[: environment.call_servers], start=1)
    ]
    first.after = None
    ours = [
        web,
        first,
        Child(manage("switch"), announcement="is heard" if switch else "switches", after=web),
        *others,
        Child(manage("worker"), announcement=" ready.", after=web),
        Child(manage("beat"), announcement="beat: Starting", after=web),
    ]
    return [ours, [switch] if switch else []]


def _listens(environment: Environment, port: int) -> bool:
    host = environment.call_server_host
    return is_listening(port, "127.0.0.1" if host in EVERY_ADDRESS else host)


def manage(command: str, *words: str) -> Program:
    """A process that is one of our management commands, called after it and its words (`calls-1`)."""
    variables = {"PYTHONUNBUFFERED": "1"}
    name = "-".join((command, *words))
    return Program(name, (sys.executable, "manage.py", command, *words), variables, directory=REPOSITORY)


def port_needs(environment: Environment) -> list[PortNeed]:
    """The ports this copy will listen on, for the check before anything starts."""
    ports, loopback = environment.ports, "127.0.0.1"
    needs = [PortNeed("web", environment.host, ports.web)]
    needs += [PortNeed("call server", loopback, port) for port in ports.call_servers[: environment.call_servers]]
    if environment.needs_postgres:
        needs.append(PortNeed("PostgreSQL", loopback, ports.postgres))
    if environment.needs_valkey:
        needs.append(PortNeed("Valkey", loopback, ports.valkey))
    if environment.switch_kind in {"freeswitch", "lab"}:
        needs.append(PortNeed("event socket", loopback, ports.esl))
    if environment.switch_kind == "freeswitch":
        for purpose, port in (("SIP for phones", ports.sip_internal), ("SIP for carriers", ports.sip_external)):
            needs.append(PortNeed(purpose, loopback, port, udp=True))
    return needs


def _health(environment: Environment) -> Callable[[], bool]:
    request = urllib.request.Request(environment.local_url + _HEALTH_PATH)  # noqa: S310 - our own web process

    def healthy() -> bool:
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return healthy


def _print_logins(environment: Environment, console: Console) -> None:
    """The first user (the administrator) of each demo account; nothing when there is no demo."""
    try:
        accounts = json.loads(environment.demo_file.read_text())["accounts"]
        rows: list[tuple[str, ...]] = [
            (account["name"], account["role"], account["users"][0]["username"], account["users"][0]["password"])
            for account in accounts
            if account["users"]
        ]
    except (OSError, ValueError, LookupError, TypeError):
        return
    table(("Account", "Role", "User name", "Password"), rows, console.line)
