"""What keys and the API can do in a conversation, found by scanning `modules/`: one file per action.

An action runs in a worker, inside the account's scope. It is told which leg asked (`talk.own`), and tells the switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

from apps.foundation.documents.shape import Shape
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.kit.folders import class_of_each_file
from apps.pbx.metaflows.documents import Metaflow, MetaflowsDocument
from apps.pbx.metaflows.talk import Talk

MODULES = "apps.pbx.metaflows.modules"


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

    def check(self, data: DataT, principal: Principal) -> None:
        """Look at what the settings' shape cannot say, first. Raises ValidationFailed, Forbidden."""

    def run(self, talk: Talk, data: DataT) -> None:
        """Do it. Raises SwitchRefused, UnsafeValue and NotPossible, which are logged."""
        raise NotImplementedError


AnyAction = Action[Any]


@cache
def actions() -> Mapping[str, AnyAction]:
    """Every action by name. Raises NotOneClass."""
    found: dict[str, AnyAction] = {}
    for name, action in class_of_each_file(MODULES, Action).items():
        action.name = name
        found[name] = action()
    return found


def shapes() -> dict[str, type[Shape]]:
    """What `/v2/schemas` serves of them."""
    data = {f"metaflows.{name}": action.Data for name, action in actions().items()}
    return {"metaflow": Metaflow, "metaflows": MetaflowsDocument, **data}
