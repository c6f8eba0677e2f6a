"""Which apps there are, and which of their modules the project wires up. There is no central list to edit.

An app is a folder `apps/<room>/<app>` with an `apps.py`. Its AppConfig says in `schema` where its tables live:
"tenant" for a table per reseller, "shared" (or nothing, for an app without tables) for the cluster's directory. The
project picks up by name what an app offers: `urls.py`, `asgi.py`, `routing.py`, `schedule.py`, `context_processors.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent / "apps"
ROOMS = ("foundation", "switching", "commerce", "pbx", "interfaces")

Schema = Literal["shared", "tenant"]


class MisnamedApp(Exception):
    """An apps.py does not follow the convention."""


@cache
def installed() -> dict[str, Schema]:
    """Dotted app names, lower rooms first, with the schema their tables live in. Raises MisnamedApp."""
    found: dict[str, Schema] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).glob("*/apps.py")):
            name = f"apps.{room}.{path.parent.name}"
            found[name] = _schema(name)
    return found


def app_names(schema: Schema) -> list[str]:
    """The apps whose tables live in `schema`."""
    return [name for name, where in installed().items() if where == schema]


def offered(module: str) -> Iterator[ModuleType]:
    """`<app>.<module>` of every app that has one, imported."""
    for name in installed():
        if find_spec(f"{name}.{module}") is not None:
            yield import_module(f"{name}.{module}")


def _schema(name: str) -> Schema:
    from django.apps import AppConfig

    module = import_module(f"{name}.apps")
    configs = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, AppConfig) and value.__module__ == module.__name__
    ]
    if len(configs) != 1 or configs[0].name != name:
        raise MisnamedApp(f"{name}.apps must hold exactly one AppConfig whose name is {name!r}")
    schema: Schema = getattr(configs[0], "schema", "shared")
    if schema not in ("shared", "tenant"):
        raise MisnamedApp(f"{name}: schema is {schema!r}, neither 'shared' nor 'tenant'")
    return schema
