"""Dotted paths into a document: `caller_id.external.number`."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

#: What a form says where nothing was entered: the document then has no such key.
EMPTY: tuple[Any, ...] = (None, "", [], {})


def read_path(document: Mapping[str, Any], path: str) -> Any:
    """The value at a path, None where there is none."""
    value: Any = document
    for word in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(word)
    return value


def with_paths(document: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the document with each value put at its path; empty values take the key away."""
    changed = deepcopy(dict(document))
    for path, value in values.items():
        *parents, last = path.split(".")
        place = changed
        for word in parents:
            below = place.get(word)
            if not isinstance(below, dict):
                below = place[word] = {}
            place = below
        if value in EMPTY:
            place.pop(last, None)
        else:
            place[last] = value
    return changed
