"""Every resource there is. A class registers itself by being defined; a second one of the same address raises."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.foundation.crossbar.resource import Resource

_resources: dict[tuple[bool, str], "type[Resource]"] = {}


class DuplicateResource(Exception):
    """Two classes claim one address."""


def register(resource: "type[Resource]") -> None:
    from apps.foundation.crossbar.resource import SystemResource

    key = (issubclass(resource, SystemResource), resource.path)
    known = _resources.get(key)
    if known is not None and (known.__module__, known.__qualname__) != (resource.__module__, resource.__qualname__):
        raise DuplicateResource(f"{resource.__module__}.{resource.__qualname__} claims /{resource.path} of {known}")
    _resources[key] = resource


def unregister(resource: "type[Resource]") -> None:
    """Take a resource out again: for tests that define their own."""
    for key in [key for key, known in _resources.items() if known is resource]:
        del _resources[key]


def resources() -> "list[type[Resource]]":
    """By path, those of accounts first."""
    return [_resources[key] for key in sorted(_resources)]


def find(path: str) -> "type[Resource] | None":
    """The resource of accounts with this noun."""
    return _resources.get((False, path))
