"""An endpoint is one address of the API, made from the registered resources, with what each verb does there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from apps.foundation.crossbar import registry
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.resource import Resource, SubPath, SystemResource

Kind = Literal["collection", "item", "sub_path"]
VERBS = ("GET", "PUT", "POST", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb at one endpoint: the method of the resource that serves it, and whether it gets an item."""

    verb: str
    resource: type[Resource]
    handler: str
    item: bool
    access: Access
    price: int
    sub_path: SubPath | None = None

    @property
    def public(self) -> bool:
        return self.verb in self.access.public

    @property
    def raw(self) -> bool:
        return self.sub_path is not None and self.sub_path.raw


@dataclass(slots=True)
class Endpoint:
    """`pattern` is a Django route below /v2/; `parents` the nouns before the resource's own."""

    pattern: str
    resource: type[Resource]
    kind: Kind
    parents: tuple[str, ...] = ()
    operations: dict[str, Operation] = field(default_factory=dict)

    @property
    def verbs(self) -> tuple[str, ...]:
        served = [verb for verb in VERBS if verb in self.operations]
        return (*served, "HEAD") if "GET" in served else tuple(served)

    @property
    def in_account(self) -> bool:
        return self.pattern.startswith("accounts/<str:account_id>")


def endpoints() -> list[Endpoint]:
    """Every address, fixed sub-paths before the items they could be taken for."""
    found: dict[str, Endpoint] = {}
    for resource in registry.resources():
        for endpoint in _of(resource):
            known = found.setdefault(endpoint.pattern, endpoint)
            known.operations |= endpoint.operations
    return sorted(found.values(), key=lambda endpoint: _rank(endpoint.pattern))


def _rank(pattern: str) -> list[tuple[bool, str]]:
    """Fixed segments sort before placeholders, at each place."""
    return [(segment.startswith("<"), segment) for segment in pattern.split("/")]


def _of(resource: type[Resource]) -> Iterator[Endpoint]:
    for base, parents in _bases(resource):
        place = f"{base}{resource.path}"
        item = f"{place}/<{_placeholder(resource)}>"
        collection = _singleton_operations(resource) if resource.singleton else _collection_operations(resource)
        if collection:
            yield Endpoint(place, resource, "collection", parents, collection)
        if not resource.singleton and (operations := _item_operations(resource)):
            yield Endpoint(item, resource, "item", parents, operations)
        yield from _sub_paths(resource, place, item, parents)


def _placeholder(resource: type[Resource]) -> str:
    return "str:account_id" if resource.path == "accounts" else "str:id"


def _bases(resource: type[Resource]) -> Iterator[tuple[str, tuple[str, ...]]]:
    account = "accounts/<str:account_id>/"
    if issubclass(resource, SystemResource):
        yield "", ()
        if not resource.in_accounts:
            return
    yield account, ()
    for noun in resource.parents:
        yield f"{account}{noun}/<str:{noun}_id>/", (noun,)


def _sub_paths(resource: type[Resource], place: str, item: str, parents: tuple[str, ...]) -> Iterator[Endpoint]:
    ordered = sorted(resource.sub_paths, key=lambda sub_path: (sub_path.item, sub_path.path))
    for (on_item, path), group in groupby(ordered, key=lambda sub_path: (sub_path.item, sub_path.path)):
        operations = {
            verb: Operation(
                verb,
                resource,
                sub_path.handler,
                item=on_item,
                access=sub_path.access or resource.access,
                price=sub_path.price,
                sub_path=sub_path,
            )
            for sub_path in group
            for verb in sub_path.methods
        }
        base = item if on_item and not resource.singleton else place
        below = path.replace("{", "<str:").replace("}", ">")
        kind: Kind = "sub_path" if path else "item" if on_item else "collection"
        yield Endpoint(f"{base}/{below}" if path else base, resource, kind, parents, operations)


def _offers(resource: type[Resource], name: str) -> bool:
    """Whether a verb is served: it has an action, or a method of the resource's own."""
    if name in resource.omits:
        return False
    if getattr(resource, name) is not getattr(Resource, name):
        return True
    if name in ("list", "get"):
        return resource.model is not None or (name == "get" and resource.find is not Resource.find)
    if name == "patch":
        return _offers(resource, "replace")
    return getattr(resource.actions, name) is not None


def _operations(resource: type[Resource], names: dict[str, str], *, item: bool) -> dict[str, Operation]:
    return {
        verb: Operation(verb, resource, name, item, resource.access, resource.prices.get(verb, 1))
        for verb, name in names.items()
        if _offers(resource, name)
    }


def _collection_operations(resource: type[Resource]) -> dict[str, Operation]:
    return _operations(resource, {"GET": "list", "PUT": "create"}, item=False)


def _item_operations(resource: type[Resource]) -> dict[str, Operation]:
    names = {"GET": "get", "POST": "replace", "PATCH": "patch", "DELETE": "delete"}
    return _operations(resource, names, item=True)


def _singleton_operations(resource: type[Resource]) -> dict[str, Operation]:
    return _operations(resource, {"PUT": "create"}, item=False) | _item_operations(resource)
