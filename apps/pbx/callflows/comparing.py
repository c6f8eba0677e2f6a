"""What differs between two documents, place by place."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from apps.foundation.crossbar.validation import dotted

Change = dict[str, Any]
_ABSENT = object()


def compare(before: Any, after: Any) -> list[Change]:
    """The changes that make `after` of `before`, in order.

    A change is `{"path": "flow.data.timeout", "keys": ["flow", "data", "timeout"], "change": "changed", "from": 20,
    "to": 30}`; one that is `added` has no `from`, one that is `removed` no `to`. Lists are compared place by place.
    """
    return list(_compare(before, after, ()))


def apply_changes(document: Any, changes: list[Change]) -> Any:
    """`document` after these changes: `apply_changes(a, compare(a, b)) == b`."""
    result = copy.deepcopy(document)
    for change in changes:
        if not change["keys"]:
            result = copy.deepcopy(change["to"])
            continue
        *way, last = change["keys"]
        container = result
        for key in way:
            container = container[key]
        if change["change"] == "removed":
            del container[last]
        elif change["change"] == "added" and isinstance(container, list):
            container.insert(last, copy.deepcopy(change["to"]))
        else:
            container[last] = copy.deepcopy(change["to"])
    return result


def _compare(before: Any, after: Any, path: tuple[str | int, ...]) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _member(before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        shared = min(len(before), len(after))
        for position in range(shared):
            yield from _compare(before[position], after[position], (*path, position))
        for position in range(len(before) - 1, shared - 1, -1):
            yield _change("removed", (*path, position), before[position], _ABSENT)
        for position in range(shared, len(after)):
            yield _change("added", (*path, position), _ABSENT, after[position])
    elif type(before) is not type(after) or before != after:
        yield _change("changed", path, before, after)


def _member(before: Any, after: Any, path: tuple[str | int, ...]) -> Iterator[Change]:
    if before is _ABSENT:
        yield _change("added", path, before, after)
    elif after is _ABSENT:
        yield _change("removed", path, before, after)
    else:
        yield from _compare(before, after, path)


def _change(kind: str, path: tuple[str | int, ...], before: Any, after: Any) -> Change:
    change: Change = {"path": dotted(path), "keys": list(path), "change": kind}
    if before is not _ABSENT:
        change["from"] = before
    if after is not _ABSENT:
        change["to"] = after
    return change
