"""What a flow's data refers to, and whether that is there.

An app says how its things are found, in its `ready()`:

    register_names("device", "devices.Device")

and a verb's field says what it names: `Field(json_schema_extra={"names": "device"})`. Without saying so, the `id` of a
verb called like a kind (`device`, `menu`) names one of that kind, and the `id` next to an `endpoint_type` one of that
type. What is no id (a tone, a URL, a blank) names nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from pydantic import BaseModel

from apps.foundation.kit.ids import is_id
from apps.pbx.callflows.registry import AnyVerb, VerbData

Find = Callable[[set[str]], set[str]]
_kinds: dict[str, Find] = {}


@dataclass(frozen=True, slots=True)
class Reference:
    """`path` leads to the id inside the node's data."""

    kind: str
    id: str
    path: tuple[str | int, ...]


def register_names(kind: str, found_by: str | Find) -> None:
    """`found_by` is a model's label, or a function that says which of some ids there are (in the account's scope)."""
    _kinds[kind] = _by_model(found_by) if isinstance(found_by, str) else found_by


def missing(references: Iterable[Reference]) -> set[tuple[str, str]]:
    """`(kind, id)` of those that are not there. One query for each kind that occurs."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for reference in references:
        if reference.kind in _kinds:
            wanted[reference.kind].add(reference.id)
    return {(kind, one) for kind, ids in wanted.items() for one in ids - _kinds[kind](ids)}


def references_of(name: str, verb: AnyVerb, data: VerbData) -> Iterator[Reference]:
    """Every id in a node's typed data, with the kind of thing it names."""
    for path, value, kind in _fields(data, ()):
        wanted = kind or (name if path == ("id",) and name in _kinds else "")
        if wanted and isinstance(value, str) and is_id(value):
            yield Reference(wanted, value, path)


def _fields(shape: BaseModel, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any, str]]:
    told = _told(type(shape))
    by_type = getattr(shape, "endpoint_type", "") if "id" in type(shape).model_fields else ""
    for name in type(shape).model_fields:
        value = getattr(shape, name)
        kind = told.get(name) or (str(by_type) if name == "id" else "")
        yield from _values(value, (*path, name), kind)


def _values(value: Any, path: tuple[str | int, ...], kind: str) -> Iterator[tuple[tuple[str | int, ...], Any, str]]:
    if isinstance(value, BaseModel):
        yield from _fields(value, path)
    elif isinstance(value, (list, tuple)):
        for position, member in enumerate(value):
            yield from _values(member, (*path, position), kind)
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _values(member, (*path, str(key)), "")
    else:
        yield path, value, kind


@cache
def _told(shape: type[BaseModel]) -> dict[str, str]:
    found = {}
    for name, field in shape.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, Mapping) and isinstance(extra.get("names"), str):
            found[name] = str(extra["names"])
    return found


def _by_model(label: str) -> Find:
    def find(ids: set[str]) -> set[str]:
        return set(apps.get_model(label).objects.filter(id__in=ids).values_list("id", flat=True))

    return find
