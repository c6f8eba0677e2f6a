"""What `manage.py up` starts for an environment, and with which words."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest

from kazoo.embedded.console import Console
from kazoo.embedded.freeswitch import lab_program, module_folder, render, start_command, switch_child
from kazoo.embedded.processes import ServiceError
from kazoo.embedded.up import _print_logins, _processes, port_needs
from kazoo.environment import Environment, load_environment


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A FreeSWITCH installation with a link to its program on the PATH, as packages and people make it."""
    root = tmp_path / "opt" / "freeswitch"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "freeswitch").touch(mode=0o755)
    (root / "lib" / "freeswitch" / "mod").mkdir(parents=True)
    (root / "lib" / "freeswitch" / "mod" / "mod_sofia.so").touch()
    path = tmp_path / "bin"
    path.mkdir()
    (path / "freeswitch").symlink_to(root / "bin" / "freeswitch")
    monkeypatch.setenv("PATH", str(path))
    return root


def load(tmp_path: Path, **variables: str) -> Environment:
    return load_environment({"KAZOO_HOME": str(tmp_path / "home"), **variables})


def test_freeswitch_keeps_everything_under_our_home(tmp_path: Path, programs: Path) -> None:
    command = start_command(load(tmp_path))
    options = dict(zip(command[4::2], command[5::2], strict=True))
    assert command[1:4] == ["-nf", "-nc", "-nonat"]
    assert options.pop("-mod") == str(programs / "lib" / "freeswitch" / "mod")
    assert {"-conf", "-log", "-db", "-run"} <= options.keys()
    assert all(path == str(tmp_path / "home" / "freeswitch" / name[1:]) for name, path in options.items())


def test_a_freeswitch_without_modules_is_told(programs: Path) -> None:
    (programs / "lib" / "freeswitch" / "mod" / "mod_sofia.so").unlink()
    with pytest.raises(ServiceError, match=r"mod_sofia\.so"):
        module_folder(programs / "bin" / "freeswitch")


def test_a_freeswitch_that_is_wanted_and_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceError, match="KAZOO_SWITCH=lab"):
        start_command(load(tmp_path, KAZOO_SWITCH="freeswitch"))


def test_which_switch_is_started(tmp_path: Path, programs: Path) -> None:
    assert switch_child(load(tmp_path, KAZOO_SWITCHES="fs1=esl://:x@10.0.0.5")) is None
    assert switch_child(load(tmp_path, KAZOO_SWITCH="none")) is None
    found = switch_child(load(tmp_path))
    assert found is not None
    assert found.program.name == "freeswitch"
    lab = switch_child(load(tmp_path, KAZOO_SWITCH="lab"))
    assert lab is not None
    assert lab.program.name == "lab"


def test_the_switch_is_started_when_the_web_process_answers(tmp_path: Path, programs: Path) -> None:
    ours, [switch] = _processes(load(tmp_path, KAZOO_CALL_SERVERS="3"))
    web = ours[0]
    assert [child.program.name for child in ours if child.after is None] == ["web", "calls-1"]
    assert {child.program.name for child in ours if child.after is web} == {
        "switch",
        "calls-2",
        "calls-3",
        "worker",
        "beat",
    }
    assert switch.after is web
    [listener] = [child for child in ours if child.program.name == "switch"]
    assert listener.announcement == "is heard"


def test_nothing_waits_for_a_switch_that_is_elsewhere(tmp_path: Path) -> None:
    ours, switches = _processes(load(tmp_path, KAZOO_SWITCHES="fs1=esl://:x@10.0.0.5"))
    assert switches == []
    assert [child.announcement for child in ours if child.program.name == "switch"] == ["switches"]


def test_the_configuration_of_freeswitch_is_for_our_eyes_only(tmp_path: Path) -> None:
    environment = load(tmp_path)
    render(environment)
    written = environment.home / "freeswitch" / "conf" / "freeswitch.xml"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert environment.esl_password in written.read_text()
    assert [path.name for path in written.parent.iterdir()] == ["freeswitch.xml"]


def test_no_secret_is_on_a_command_line(tmp_path: Path) -> None:
    environment = load(tmp_path)
    program = lab_program(environment)
    line = " ".join(program.command)
    assert environment.esl_password not in line
    assert environment.node_secret not in line
    assert program.variables["KAZOO_LAB_ESL_PASSWORD"] == environment.esl_password


def test_traffic_only_when_asked_for_and_possible(tmp_path: Path) -> None:
    environment = load(tmp_path, DEMO_TRAFFIC="1")
    assert "--traffic" not in lab_program(environment).command
    environment.demo_file.write_text("{}")
    assert "--traffic" in lab_program(environment).command
    assert "--traffic" not in lab_program(load(tmp_path)).command


def test_only_ports_of_what_is_started_are_checked(tmp_path: Path) -> None:
    everything = {need.port for need in port_needs(load(tmp_path, KAZOO_SWITCH="lab"))}
    assert everything == {8000, 8001, 8002, 8003, 8004, 8007}
    urls = {"DATABASE_URL": "postgres://u@h/d", "BROKER_URL": "amqp://h", "REDIS_URL": "redis://h"}
    external = load(tmp_path, KAZOO_SWITCH="none", **urls)
    assert {need.port for need in port_needs(external)} == {8000, 8004, 8007}


def test_logins_are_shown_where_there_is_a_demo(tmp_path: Path) -> None:
    environment, stream = load(tmp_path), io.StringIO()
    _print_logins(environment, Console(stream=stream))
    assert stream.getvalue() == ""
    environment.home.mkdir()
    users = [{"username": "ann", "password": "secret"}, {"username": "bob", "password": "hidden"}]
    accounts = [{"name": "Northwind", "role": "reseller", "users": users}, {"name": "E", "role": "c", "users": []}]
    environment.demo_file.write_text(json.dumps({"accounts": accounts}))
    _print_logins(environment, Console(stream=stream))
    assert stream.getvalue().splitlines()[2] == "  Northwind  reseller  ann        secret"
    assert "hidden" not in stream.getvalue()
