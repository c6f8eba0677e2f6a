"""A callflow's tree, read and changed by paths.

A path names a step: `root`, then the keys of the children down to it, each escaped as in an address: `root/_/1`.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import quote, unquote

from apps.pbx.callflows.registry import DEFAULT_CHILD

ROOT = "root"
Node = dict[str, Any]


class NoSuchStep(LookupError):
    """The path names no step of this flow: somebody else has changed it."""


def child_path(path: str, key: str) -> str:
    return f"{path}/{quote(key, safe='')}"


def parent_of(path: str) -> tuple[str, str]:
    """The path of the step above, and the key it has this one under. Raises NoSuchStep for the first step."""
    above, slash, key = path.rpartition("/")
    if not slash:
        raise NoSuchStep(path)
    return above, unquote(key)


def step_at(flow: Mapping[str, Any], path: str) -> Node:
    """The step itself, not a copy. Raises NoSuchStep."""
    first, *keys = path.split("/")
    node: Any = flow if first == ROOT and flow.get("module") else None
    for key in keys:
        children = node.get("children") if isinstance(node, Mapping) else None
        node = children.get(unquote(key)) if isinstance(children, Mapping) else None
    if not isinstance(node, dict):
        raise NoSuchStep(path)
    return node


def children_of(node: Mapping[str, Any]) -> dict[str, Node]:
    """The steps below, the default one last."""
    found = node.get("children")
    steps = {key: step for key, step in found.items() if isinstance(step, dict)} if isinstance(found, Mapping) else {}
    return {key: steps[key] for key in sorted(steps, key=lambda key: (key == DEFAULT_CHILD, key))}


def walk(flow: Mapping[str, Any], path: str = ROOT) -> Iterator[tuple[str, Node]]:
    """Every step with its path, from the top."""
    if isinstance(flow, dict) and flow.get("module"):
        yield path, flow
        for key, step in children_of(flow).items():
            yield from walk(step, child_path(path, key))


def count_below(node: Mapping[str, Any]) -> int:
    return sum(1 for _step in walk(node)) - 1


def with_step(flow: Mapping[str, Any], path: str, key: str, step: Node) -> Node:
    """A copy with `step` added below `path`, or as the first step where `path` is empty. Raises NoSuchStep."""
    if not path:
        return step
    changed = deepcopy(dict(flow))
    above = step_at(changed, path)
    if not isinstance(above.get("children"), dict):
        above["children"] = {}
    above["children"][key] = step
    return changed


def with_data(flow: Mapping[str, Any], path: str, data: Mapping[str, Any]) -> Node:
    """A copy in which one step has other data. Raises NoSuchStep."""
    changed = deepcopy(dict(flow))
    step_at(changed, path)["data"] = dict(data)
    return changed


def without_step(flow: Mapping[str, Any], path: str) -> Node:
    """A copy without a step and all below it. Raises NoSuchStep."""
    changed = deepcopy(dict(flow))
    step_at(changed, path)
    if path == ROOT:
        return {}
    above, key = parent_of(path)
    del step_at(changed, above)["children"][key]
    return changed


def ids_in(flow: Mapping[str, Any]) -> set[str]:
    """Everything the steps name by an id."""
    found: set[str] = set()
    for _path, step in walk(flow):
        data = step.get("data")
        if isinstance(data, Mapping):
            entries = data.get("endpoints")
            named = [data, *(entries if isinstance(entries, list) else [])]
            found |= {str(item["id"]) for item in named if isinstance(item, Mapping) and item.get("id")}
    return found
