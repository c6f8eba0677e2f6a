"""Registries that are folders: a new engine, verb or backend is one new file, and no list is kept by hand."""

import pkgutil
from importlib import import_module
from typing import TypeVar

T = TypeVar("T")


class NotOneClass(Exception):
    """A file of the folder does not hold exactly one class of the kind, or two files mean the same name."""


def class_of_each_file(package: str, base: type[T]) -> dict[str, type[T]]:
    """The one subclass of `base` each file of the package defines, by name, in the order of names.

    The name is the file's; a file whose name would be a word of Python's says another one as `NAME`. Files that begin
    with an underscore are not looked at. Raises NotOneClass.
    """
    found: dict[str, type[T]] = {}
    for entry in pkgutil.iter_modules(import_module(package).__path__):
        if entry.name.startswith("_"):
            continue
        module = import_module(f"{package}.{entry.name}")
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
        ]
        if len(classes) != 1:
            kind = base.__name__.lower()
            raise NotOneClass(f"{module.__name__} must hold exactly one {kind}, it holds {len(classes)}")
        name: str = getattr(module, "NAME", entry.name)
        if name in found:
            raise NotOneClass(f"{module.__name__}: {name!r} is there already")
        found[name] = classes[0]
    return dict(sorted(found.items()))
