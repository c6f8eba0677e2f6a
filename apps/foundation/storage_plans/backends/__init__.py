"""Where files may be kept, found by scanning this folder: one file per kind of storage, named as the API names it.

A backend's file holds one subclass of `Backend`. What it needs of a vendor's library is imported when it is used, so
that none of it slows the processes that never do. Everything goes through `apps.foundation.kit.outbound`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from apps.foundation.kit.folders import class_of_each_file
from apps.foundation.storage_plans.backend import Backend


@cache
def backends() -> Mapping[str, type[Backend]]:
    """Every kind of storage by its name. Raises `NotOneClass`."""
    found = class_of_each_file(__name__, Backend)
    for name, backend in found.items():
        backend.name = name
    return found
