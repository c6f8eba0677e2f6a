"""Starting the switch of this copy: a FreeSWITCH found on the PATH, or the lab switch."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from apps.switching.switches.configuration import local_node, write_configuration
from kazoo.embedded.ports import is_listening
from kazoo.embedded.processes import Program, ServiceError
from kazoo.embedded.supervisor import Child
from kazoo.environment import Environment
from kazoo.variables import REPOSITORY

_FOLDERS = ("conf", "log", "db", "run", "storage", "recordings", "cache", "certs", "temp")


def switch_child(environment: Environment, after: Child | None = None) -> Child | None:
    """The switch to start, or None when the nodes are elsewhere or none is wanted. Raises ServiceError.

    It asks the web process for its configuration, so it comes `after` that one.

    FreeSWITCH opens its event socket when all its modules have been loaded.
    """
    if environment.switch_kind == "freeswitch":
        program = Program("freeswitch", tuple(start_command(environment)), directory=environment.home)
        ready = _event_socket_open(environment)
        return Child(program, prepare=lambda: render(environment), ready=ready, grace=15, after=after)
    if environment.switch_kind == "lab":
        return Child(lab_program(environment), ready=_event_socket_open(environment), grace=5, after=after)
    return None


def _event_socket_open(environment: Environment) -> Callable[[], bool]:
    return lambda: is_listening(environment.ports.esl)


def start_command(environment: Environment) -> list[str]:
    """How to start FreeSWITCH on the configuration `render` writes. Raises ServiceError when it is not installed.

    `-nf -nc`: in the foreground, without a console; `-nonat`: ask no router for ports.
    """
    found = shutil.which("freeswitch")
    if found is None:
        raise ServiceError(
            "KAZOO_SWITCH=freeswitch, but no `freeswitch` is on the PATH.\n"
            "Install it, add its folder to PATH, or use the lab switch: KAZOO_SWITCH=lab"
        )
    home = environment.home / "freeswitch"
    command = [found, "-nf", "-nc", "-nonat"]
    for name in _FOLDERS:
        command += [f"-{name}", str(home / name)]
    return [*command, "-mod", str(module_folder(Path(found)))]


def module_folder(program: Path) -> Path:
    """Where the modules (`mod_sofia.so` and the others) of a FreeSWITCH are. Raises ServiceError."""
    prefix = program.resolve().parent.parent
    candidates = [prefix / "lib" / "freeswitch" / "mod", prefix / "mod", Path("/usr/lib/freeswitch/mod")]
    candidates += sorted(prefix.glob("lib/*/freeswitch/mod"))
    for candidate in candidates:
        if (candidate / "mod_sofia.so").exists():
            return candidate
    raise ServiceError(
        f"The modules of {program} were not found (looked for mod_sofia.so in {candidates[0]} and others)"
    )


def render(environment: Environment) -> None:
    """Write this copy's FreeSWITCH configuration to `KAZOO_HOME/freeswitch/conf`."""
    home = environment.home / "freeswitch"
    for name in _FOLDERS:
        (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    write_configuration(local_node(environment), home / "conf")


def lab_program(environment: Environment) -> Program:
    """How to start the lab switch. Its secrets travel in the environment, for command lines can be read by all."""
    command = [sys.executable, "-m", "apps.switching.lab", "--name", "local"]
    command += [
        "--esl-port",
        str(environment.ports.esl),
        "--cdr-spool",
        str(environment.home / "freeswitch" / "cdr_spool"),
        "--recordings",
        str(environment.home / "freeswitch" / "recordings"),
    ]
    command += ["--xml-curl-url", environment.xml_curl_url, "--cdr-url", environment.cdr_url]
    command += ["--http-username", "local"]
    if environment.demo_traffic and environment.demo_file.exists():
        command += ["--traffic", str(environment.demo_file)]
    secrets = {
        "KAZOO_LAB_ESL_PASSWORD": environment.esl_password,
        "KAZOO_LAB_NODE_SECRET": environment.node_secret,
        "PYTHONUNBUFFERED": "1",
        "PATH": os.environ.get("PATH", ""),
    }
    return Program("lab", tuple(command), secrets, directory=REPOSITORY)
