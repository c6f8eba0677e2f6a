"""Starting the switch of this copy: a FreeSWITCH found on the PATH, or the lab switch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from kazoo.embedded.ports import is_listening
from kazoo.embedded.processes import Program, ServiceError
from kazoo.embedded.supervisor import Child
from kazoo.environment import Environment
from kazoo.variables import REPOSITORY

_FOLDERS = ("conf", "log", "db", "run", "storage", "recordings", "cache", "certs", "temp")


def switch_child(environment: Environment) -> Child | None:
    """The switch to start, or None when the nodes are elsewhere or none is wanted. Raises ServiceError."""
    if environment.switch_kind == "freeswitch":
        program = Program("freeswitch", tuple(start_command(environment)), directory=environment.home)
        return Child(program, prepare=lambda: render(environment), ready=_event_socket_open(environment), grace=15)
    if environment.switch_kind == "lab":
        return Child(lab_program(environment), ready=_event_socket_open(environment), grace=5)
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
    """Write this copy's FreeSWITCH configuration to `KAZOO_HOME/freeswitch/conf`. Raises ServiceError."""
    home = environment.home / "freeswitch"
    for name in _FOLDERS:
        (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "manage.py", "render_switch", str(home / "conf")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServiceError(f"The FreeSWITCH configuration could not be written:\n{done.stderr.strip()[-2000:]}")


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
