"""The environment: what is read, what is refused and how, and that ports and secrets keep to their rules."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import pytest

from kazoo.environment import ConfigurationError, Environment, Ports, load_environment
from kazoo.environment_page import main, render
from kazoo.secret_store import load_or_create_secrets
from kazoo.variable_table import VARIABLES
from kazoo.variables import REPOSITORY

ALL_URLS = {
    "DATABASE_URL": "postgresql://kazoo:pw@db.test:5432/kazoo",
    "BROKER_URL": "amqp://kazoo:pw@mq.test/kazoo",
    "REDIS_URL": "redis://:pw@cache.test:6379/1",
}


def load(tmp_path: Path, **variables: str) -> Environment:
    return load_environment({"KAZOO_HOME": str(tmp_path / "home"), **variables})


def problem(**variables: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_environment(variables)
    return str(raised.value)


def test_nothing_set_means_everything_embedded(tmp_path: Path) -> None:
    environment = load(tmp_path)
    assert environment.needs_postgres
    assert environment.needs_valkey
    assert environment.public_url == "http://127.0.0.1:8000/"
    password = environment.secrets.database_password
    assert environment.effective_database_url == f"postgresql://kazoo:{password}@127.0.0.1:8001/kazoo"
    assert environment.effective_broker_url.endswith("@127.0.0.1:8002/0")
    assert environment.effective_redis_url.endswith("@127.0.0.1:8002/1")
    assert environment.demo
    assert not environment.debug


def test_the_default_home_is_under_the_repository() -> None:
    assert load_environment({}).home == REPOSITORY / ".kazoo"
    assert load_environment({"KAZOO_HOME": ".kazoo-2"}).home == REPOSITORY / ".kazoo-2"


def test_external_urls_are_used_as_they_are(tmp_path: Path) -> None:
    environment = load(tmp_path, **ALL_URLS)
    assert not environment.needs_postgres
    assert not environment.needs_valkey
    assert environment.effective_database_url == ALL_URLS["DATABASE_URL"]
    assert environment.effective_broker_url == ALL_URLS["BROKER_URL"]
    assert environment.effective_redis_url == ALL_URLS["REDIS_URL"]
    assert not (tmp_path / "home").exists()


def test_one_external_url_demands_the_others() -> None:
    text = problem(DATABASE_URL=ALL_URLS["DATABASE_URL"])
    assert "BROKER_URL is missing, and DATABASE_URL is set" in text
    assert "REDIS_URL is missing" in text
    assert "Example: REDIS_URL=redis://" in text


def test_mixing_is_allowed_when_asked_for(tmp_path: Path) -> None:
    environment = load(tmp_path, DATABASE_URL=ALL_URLS["DATABASE_URL"], KAZOO_EMBEDDED="1")
    assert not environment.needs_postgres
    assert environment.needs_valkey


def test_embedded_0_demands_all_three() -> None:
    text = problem(KAZOO_EMBEDDED="0")
    assert all(f"{name} is missing, and KAZOO_EMBEDDED=0" in text for name in ALL_URLS)


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("KAZOO_PORT", "abc", "is not a port"),
        ("KAZOO_PORT", "80", "is not a port between 1024"),
        ("KAZOO_PORT", "65530", "is not a port"),
        ("KAZOO_PORT", "٨٠٠٠", "is not a port"),
        ("KAZOO_HOST", "not a host", "is not an address or a host name"),
        ("KAZOO_DEBUG", "maybe", "is neither 1 nor 0"),
        ("KAZOO_PUBLIC_URL", "pbx.test", "does not begin with http:// or https://"),
        ("KAZOO_PUBLIC_URL", "https://pbx.test/office", "has a path"),
        ("KAZOO_ALLOWED_HOSTS", " , ", "is empty"),
        ("DATABASE_URL", "mysql://u:p@h/d", "does not begin with postgres:// or postgresql://"),
        ("DATABASE_URL", "postgres://u:p@h", "names no database"),
        ("DATABASE_URL", "postgres:///d", "names no host"),
        ("BROKER_URL", "amqp://u:p@h:port/", "has a port that is not a number"),
        ("REDIS_URL", "cache.test:6379", "does not begin with"),
        ("KAZOO_SWITCHES", "esl://:pw@10.0.0.5", "has an entry without a name"),
        ("KAZOO_SWITCHES", "fs1=esl://10.0.0.5:8021", "gives no password for fs1"),
        ("KAZOO_SWITCHES", "a=esl://:x@h,a=esl://:x@h", "names a twice"),
        ("KAZOO_SWITCH", "asterisk", "is not one of auto, freeswitch, lab, none"),
        ("KAZOO_SECRET_KEY", "short", "is shorter than 32"),
        ("KAZOO_ENCRYPTION_KEY", "x" * 44, "is not 32 bytes"),
        ("EMAIL_URL", "mail.test", "does not begin with"),
    ],
)
def test_a_wrong_value_is_named_with_an_example(name: str, value: str, wrong: str) -> None:
    text = problem(**{name: value})
    assert text.startswith(name)
    assert wrong in text
    assert f"Example: {name}=" in text


def test_every_problem_is_told_at_once() -> None:
    text = problem(KAZOO_PORT="x", KAZOO_DEBUG="x")
    assert "KAZOO_PORT" in text
    assert "KAZOO_DEBUG" in text


def test_messages_never_show_a_password() -> None:
    values = {
        "DATABASE_URL": "mysql://kazoo:hush@db/kazoo",
        "KAZOO_SWITCHES": "esl://:hush@10.0.0.5",
        "EMAIL_URL": "smtp://u:hush@",
        "KAZOO_NODE_SECRET": "hush",
    }
    assert "hush" not in problem(**values)


def test_a_misspelt_variable_is_noticed() -> None:
    assert "KAZOO_PROT is not a variable; KAZOO_PORT is" in problem(KAZOO_PROT="9000")
    load_environment({"KAZOO_LAB_NODE_SECRET": "x", "KAZOO_SOMETHING_ELSE": "x"})


def test_an_empty_value_is_no_value(tmp_path: Path) -> None:
    assert load(tmp_path, KAZOO_PORT="", DATABASE_URL="").port == 8000


@pytest.mark.parametrize("first", [1024, 8000, 9990, 16380, 16384, 20000, 65400])
def test_copies_ten_apart_never_meet(first: int) -> None:
    """Eight copies below the RTP border, seven above: no port of one is a port of another."""
    used: dict[int, int] = {}
    count = 8 if first < 16384 - 70 else 7
    for web in range(first, min(first + 10 * count, 65521), 10):
        if (web < 16384) != (first < 16384):
            break
        ports = Ports.after(web)
        *single, rtp_start, rtp_end = astuple(ports)
        assert len(set(single)) == len(single)
        for port in (*{*single, *ports.call_servers}, *range(rtp_start, rtp_end + 1)):
            assert 1024 <= port <= 65535
            assert used.setdefault(port, web) == web


def test_the_switches_of_the_environment(tmp_path: Path) -> None:
    environment = load(tmp_path, KAZOO_SWITCHES="fs1=esl://:p%40ss@10.0.0.5:8022, fs2=esl://:x@fs2.test")
    assert [astuple(switch) for switch in environment.effective_switches] == [
        ("fs1", "10.0.0.5", 8022, "p@ss"),
        ("fs2", "fs2.test", 8021, "x"),
    ]
    assert environment.switch_kind == "external"


def test_the_switch_of_this_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (local,) = load(tmp_path, KAZOO_SWITCH="lab", KAZOO_PORT="9000").effective_switches
    assert (local.host, local.port) == ("127.0.0.1", 9003)
    assert load(tmp_path, KAZOO_SWITCH="none").effective_switches == ()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert load(tmp_path).switch_kind == "lab"
    program = tmp_path / "freeswitch"
    program.touch(mode=0o755)
    assert load(tmp_path).switch_kind == "freeswitch"
    assert load(tmp_path, DEMO_TRAFFIC="1").switch_kind == "lab", "which alone plays it"
    assert load(tmp_path, DEMO_TRAFFIC="1", KAZOO_SWITCH="freeswitch").switch_kind == "freeswitch"


def test_addresses_follow_from_the_host(tmp_path: Path) -> None:
    assert load(tmp_path, KAZOO_HOST="0.0.0.0").public_url == "http://127.0.0.1:8000/"
    assert load(tmp_path, KAZOO_HOST="::1").public_url == "http://[::1]:8000/"
    environment = load(tmp_path, KAZOO_PUBLIC_URL="https://pbx.test")
    assert environment.public_url == "https://pbx.test/"
    assert environment.xml_curl_url.startswith("http://127.0.0.1:8000/")
    assert environment.allowed_hosts == ("127.0.0.1", "localhost", "[::1]", "pbx.test")


def test_mail(tmp_path: Path) -> None:
    assert load(tmp_path).mail_server is None
    server = load(tmp_path, EMAIL_URL="smtp+tls://me%40x.test:pw@mail.test").mail_server
    assert server is not None
    assert astuple(server) == ("mail.test", 587, "me@x.test", "pw", True, False)


def test_secrets_are_made_once_and_for_us_alone(tmp_path: Path) -> None:
    first, second = load(tmp_path), load(tmp_path)
    assert first.secrets == second.secrets
    assert len(set(astuple(first.secrets))) == 6
    mode = (tmp_path / "home" / "secrets.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secrets.json"]


def test_a_secret_of_the_environment_comes_first(tmp_path: Path) -> None:
    environment = load(tmp_path, KAZOO_SECRET_KEY="k" * 40)
    assert environment.secret_key == "k" * 40
    assert environment.node_secret == environment.secrets.node_secret


def test_processes_that_start_at_once_agree_on_the_secrets(tmp_path: Path) -> None:
    code = "import sys, pathlib; from kazoo.secret_store import *; "
    code += "print(load_or_create_secrets(pathlib.Path(sys.argv[1])).secret_key)"
    command = [sys.executable, "-c", code, str(tmp_path / "home")]
    processes = [subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) for _ in range(4)]
    assert len({process.communicate()[0] for process in processes}) == 1


def test_damaged_secrets_are_told(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text('{"secret_key": "x"}')
    with pytest.raises(ConfigurationError, match="is damaged"):
        load_or_create_secrets(tmp_path)


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"KAZOO_HOME=.* cannot be used"):
        load_or_create_secrets(tmp_path / "file" / "home")


def test_each_example_is_accepted(tmp_path: Path) -> None:
    for variable in VARIABLES:
        example = variable.example
        if variable.parse.__name__ in {"parse_secret", "parse_fernet_key"}:
            continue
        variable.parse(example)


def test_the_page_is_written_and_checked(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "settings.md"
    assert main(["--check"], page) == 1
    assert main(["--write"], page) == 0
    assert main(["--check"], page) == 0
    page.write_text(page.read_text() + "edited")
    assert main(["--check"], page) == 1
    assert main([], page) == 2
    assert all(f"### {variable.name}\n" in render() for variable in VARIABLES)


def test_importing_reads_nothing() -> None:
    """A wrong environment must not break those who only import the module; using `environment` tells."""
    code = "import kazoo.environment as e\ntry:\n e.environment\nexcept e.ConfigurationError: print('told')"
    variables = {**os.environ, "KAZOO_PORT": "x"}
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=variables, capture_output=True, text=True)
    assert done.stdout.strip() == "told"


SWITCHES = {"KAZOO_SWITCHES": "fs1=esl://:secret@10.0.0.5:8021"}


@pytest.mark.parametrize(
    ("variables", "bound", "told"),
    [
        ({}, "127.0.0.1", "127.0.0.1:8004 127.0.0.1:8007"),
        ({"KAZOO_CALL_SERVERS": "1"}, "127.0.0.1", "127.0.0.1:8004"),
        ({"KAZOO_CALL_SERVER_HOST": "10.0.0.2"}, "10.0.0.2", "10.0.0.2:8004 10.0.0.2:8007"),
        (
            {"KAZOO_CALL_SERVER_HOST": "0.0.0.0", "KAZOO_CALL_SERVER_ADDRESS": "10.0.0.2", "KAZOO_CALL_SERVERS": "3"},
            "0.0.0.0",
            "10.0.0.2:8004 10.0.0.2:8007 10.0.0.2:8008",
        ),
        (
            {"KAZOO_CALL_SERVER_ADDRESS": "calls.example.com:9000, 10.0.0.3"},
            "127.0.0.1",
            "calls.example.com:9000 10.0.0.3:8004 10.0.0.3:8007",
        ),
        ({"KAZOO_CALL_SERVER_HOST": "0.0.0.0", "KAZOO_SWITCHES": ""}, "0.0.0.0", "127.0.0.1:8004 127.0.0.1:8007"),
    ],
)
def test_where_calls_are_handed_over(tmp_path: Path, variables: dict[str, str], bound: str, told: str) -> None:
    environment = load(tmp_path, **(SWITCHES | variables))
    assert (environment.call_server_host, " ".join(environment.call_server_addresses)) == (bound, told)


def test_switches_cannot_be_told_every_address() -> None:
    text = problem(KAZOO_CALL_SERVER_HOST="0.0.0.0", **SWITCHES)
    assert "KAZOO_CALL_SERVER_ADDRESS is missing" in text
    assert "Example: KAZOO_CALL_SERVER_ADDRESS=" in text


@pytest.mark.parametrize("address", ["0.0.0.0", "10.0.0.2:0", "10.0.0.2:x", "10.0.0.2:70000", "a b", "::1", ":8004"])
def test_an_address_no_switch_can_use_is_refused(address: str) -> None:
    assert "KAZOO_CALL_SERVER_ADDRESS" in problem(KAZOO_CALL_SERVER_ADDRESS=address)


@pytest.mark.parametrize("count", ["0", "5", "two"])
def test_there_are_ports_for_four_call_servers(count: str) -> None:
    assert "KAZOO_CALL_SERVERS" in problem(KAZOO_CALL_SERVERS=count)


def test_what_customers_may_name_besides_public_addresses(tmp_path: Path) -> None:
    assert load(tmp_path).outbound_allowed == ()
    assert load(tmp_path, KAZOO_OUTBOUND_ALLOWED="10.1.0.0/16, ::1").outbound_allowed == ("10.1.0.0/16", "::1/128")


def test_proxies(tmp_path: Path) -> None:
    assert load(tmp_path).trusted_proxies == ()
    environment = load(tmp_path, KAZOO_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/24,2001:db8::/64")
    assert environment.trusted_proxies == ("127.0.0.1/32", "10.0.0.0/24", "2001:db8::/64")


@pytest.mark.parametrize("text", ["proxy.example.com", "10.0.0.1/24", ",", "*"])
def test_a_proxy_is_named_by_its_address(text: str) -> None:
    assert "KAZOO_TRUSTED_PROXIES" in problem(KAZOO_TRUSTED_PROXIES=text)
