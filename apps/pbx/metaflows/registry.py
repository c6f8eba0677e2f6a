"""What keys and the API can do in a conversation, found by scanning `modules/`: one file per action.

An action runs in a worker, inside the account's scope. It is told which leg asked (`talk.own`), and tells the switch.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Generic, TypeVar

from apps.foundation.documents.shape import Shape
from apps.foundation.identity.principal import Role
from apps.pbx.metaflows.documents import Metaflow, MetaflowsDocument
from apps.pbx.metaflows.talk import Talk

MODULES = "apps.pbx.metaflows.modules"


class DuplicateAction(Exception):
    """A file of `modules/` does not hold exactly one action."""


class NoData(Shape):
    """The action has no settings."""


DataT = TypeVar("DataT", bound=Shape)


class Action(Generic[DataT]):
    """One thing that can be done in a conversation. The docstring is its description; the file's name its name."""

    Data: type[DataT]
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)
    #: The least role that may ask for it over the API.
    role: ClassVar[Role] = Role.USER
    #: Whether each use is noted in the audit trail.
    audited: ClassVar[bool] = False
    #: Whether keys can do it; without, only the API can.
    by_keys: ClassVar[bool] = True
    name: ClassVar[str]

    def run(self, talk: Talk, data: DataT) -> None:
        """Do it. Raises SwitchRefused, UnsafeValue and NotPossible, which are logged."""
        raise NotImplementedError


AnyAction = Action[Any]


@cache
def actions() -> Mapping[str, AnyAction]:
    """Every action by name. Raises DuplicateAction."""
    package = import_module(MODULES)
    found = [_of_module(entry.name) for entry in pkgutil.iter_modules(package.__path__)]
    return {action.name: action for action in sorted(found, key=lambda action: action.name)}


def shapes() -> dict[str, type[Shape]]:
    """What `/v2/schemas` serves of them."""
    data = {f"metaflows.{name}": action.Data for name, action in actions().items()}
    return {"metaflow": Metaflow, "metaflows": MetaflowsDocument, **data}


def _of_module(name: str) -> AnyAction:
    module = import_module(f"{MODULES}.{name}")
    classes = list(_classes(module))
    if len(classes) != 1:
        raise DuplicateAction(f"{module.__name__} must hold exactly one action, it holds {len(classes)}")
    classes[0].name = getattr(module, "NAME", name)
    return classes[0]()


def _classes(module: Any) -> Iterator[type[AnyAction]]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Action) and value.__module__ == module.__name__:
            yield value
