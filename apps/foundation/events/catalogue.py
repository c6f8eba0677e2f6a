"""Every event there is: what an app's `events.py` defines. Nothing is registered by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from django.utils.module_loading import autodiscover_modules

from apps.foundation.events.event import Event


class DuplicateEvent(Exception):
    """Two classes have one name, which is the event's type for whoever receives it."""


def catalogue() -> dict[str, type[Event]]:
    """The classes by their names, in the order of their keys. Raises DuplicateEvent."""
    autodiscover_modules("events")
    found: dict[str, type[Event]] = {}
    for kind in _below(Event):
        if found.setdefault(kind.__name__, kind) is not kind:
            raise DuplicateEvent(kind.__name__)
    return dict(sorted(found.items(), key=lambda item: (item[1].keys, item[0])))


def _below(kind: type[Event]) -> Iterator[type[Event]]:
    for below in kind.__subclasses__():
        # A class with slots is made twice; the first one lives on as a subclass nobody can name.
        module = sys.modules.get(below.__module__)
        if getattr(module, below.__name__, None) is not below:
            continue
        if below.key is not Event.key and below.__module__.startswith("apps."):
            yield below
        yield from _below(below)
