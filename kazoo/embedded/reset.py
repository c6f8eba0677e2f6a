"""`make reset`: remove KAZOO_HOME and what belongs to it elsewhere, after asking."""

from __future__ import annotations

import os
import shutil
import sys

from kazoo.embedded.console import Console
from kazoo.embedded.lock import HomeLock
from kazoo.embedded.place import find_place
from kazoo.embedded.processes import ServiceError
from kazoo.environment import ConfigurationError, Environment, load_environment


def reset(environment: Environment) -> None:
    """Remove everything this copy keeps. Raises ServiceError when a copy is running."""
    lock = HomeLock(environment.home)
    lock.acquire(Console())
    try:
        place = find_place(environment.home)
        if place.root != environment.home:
            shutil.rmtree(place.root)
        shutil.rmtree(environment.home)
    finally:
        lock.release()


def main() -> int:
    """Ask, then reset. Answers the exit status."""
    try:
        environment = load_environment(os.environ)
        if not environment.home.exists():
            print(f"{environment.home} does not exist.")
            return 0
        print(f"This removes {environment.home} with its database, secrets, logs and media.")
        if input("Type yes to go on: ").strip() != "yes":
            print("Nothing was removed.")
            return 1
        reset(environment)
    except (ServiceError, ConfigurationError) as error:
        print(error)
        return 1
    except (EOFError, KeyboardInterrupt):
        print("\nNothing was removed.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
