"""Where files may be kept, found by scanning this folder: one file per kind of storage, named as the API names it.

A backend's file holds one subclass of `Backend`. What it needs of a vendor's library is imported when it is used, so
that none of it slows the processes that never do. Everything goes through `apps.foundation.kit.outbound`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from apps.foundation.storage_plans.backend import Backend
from apps.foundation.storage_plans.errors import DuplicateBackend


@cache
def backends() -> Mapping[str, type[Backend]]:
    """Every kind of storage by its name. Raises `DuplicateBackend`."""
    found: dict[str, type[Backend]] = {}
    for entry in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{entry.name}")
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Backend) and value.__module__ == module.__name__
        ]
        if len(classes) != 1:
            raise DuplicateBackend(f"{module.__name__} must hold exactly one backend, it holds {len(classes)}")
        classes[0].name = entry.name
        found[entry.name] = classes[0]
    return found
