"""The verbs a callflow is made of, found by scanning `modules/`: one file per verb, named after it.

A file of `modules/` holds one `Verb` subclass. From its docstring, its typed `Data`, its children and examples come the
validation of a saved flow, the JSON schema `callflows.<verb>`, the editor's form and the reference page.

What a verb may also do, each optional:

- **Leave something to be done when the call is over** (a missed-call alert, a recording): `await at_end(call, "name",
  {…})` in `run`, and a function registered with `@at_call_end("name")`. See `ending`.
- **Explain itself** without a call: `explain`, for `GET callflows/{id}/explain`. The default says what `children` says.
- **Go on after the call server was lost**: `resume`. The default takes a bridge's result from the channel, and runs
  the verb again where there was none.
- **Name what its data refers to**: `Field(json_schema_extra={"names": "device"})`; saving warns of what is missing.
  See `references`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import Field, PrivateAttr, ValidationError

from apps.foundation.documents.shape import Shape
from apps.foundation.kit.folders import class_of_each_file
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.child_keys import fits
from apps.switching.calls.port import BRIDGE_ANSWERED, Call

MODULES = "apps.pbx.callflows.modules"
DEFAULT_CHILD = "_"
#: Nodes from a flow's root to its deepest child; longer flows are jumped into by `callflow`.
DEEPEST_FLOW = 50
LONGEST_VERB = 64
#: What the engine writes over the result of an earlier bridge before each step.
NO_DISPOSITION = "none"


class VerbData(Shape):
    """What every verb's `data` may hold."""

    skip_module: bool = Field(False, description="Skip this action and go on at the default child.")
    _child_keys: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def child_keys(self) -> frozenset[str]:
        """The keys of the node's children, for a verb that must know what can follow."""
        return self._child_keys


DataT = TypeVar("DataT", bound=VerbData)


@dataclass(frozen=True, slots=True)
class Branch:
    """What happens after a verb: the first of `keys` that is a child, else `_`; or stop; or another callflow.

    `cause` is the hangup cause to end with where there is no child (`""`: as before). With `comes_back` the call goes
    on at the current `_` when the other callflow has ended.
    """

    keys: tuple[str, ...] = ()
    stops: bool = False
    callflow_id: str = ""
    comes_back: bool = False
    cause: str = ""
    why: str = ""
    #: A tree that is no callflow of the account: the call goes on in it and not below this node.
    flow: Mapping[str, Any] | None = None


def go_on(*keys: str, cause: str = "", why: str = "") -> Branch:
    """Go on at the child called the first of `keys` there is, else at `_`."""
    return Branch(keys=keys, cause=cause, why=why)


def stop(why: str = "", cause: str = "") -> Branch:
    """The flow has done its work."""
    return Branch(stops=True, why=why, cause=cause)


def jump(callflow_id: str, *, comes_back: bool = False, why: str = "") -> Branch:
    """Go on with another callflow of the account."""
    return Branch(callflow_id=callflow_id, comes_back=comes_back, why=why)


def go_on_in(flow: Mapping[str, Any], why: str = "") -> Branch:
    """Go on with a tree that was fetched for this call. A call whose call server is lost has it fetched once more."""
    return Branch(flow=flow, why=why)


class Verb(Generic[DataT]):
    """One thing a callflow can do. The docstring is its description; the file's name its name."""

    Data: type[DataT]
    #: Keys of the children it may continue at, each with what it stands for; `_` is the default one.
    children: ClassVar[Mapping[str, str]] = {DEFAULT_CHILD: "what comes next"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()
    #: It only prepares what follows and takes no time: a flow that ends after it has done nothing for the caller.
    prepares: ClassVar[bool] = False
    name: ClassVar[str]

    async def run(self, call: Call, data: DataT) -> Branch:
        """Do it. Raises `CallerHungUp`; any other exception is logged, and the flow goes on at `_`."""
        raise NotImplementedError

    async def resume(self, call: Call, data: DataT) -> Branch:
        """Go on with a call whose call server was lost while this verb ran; the channel has gone on meanwhile.

        A bridge that ended on its own says so in the channel's variables; where there was none the verb runs again.
        """
        disposition = call.variables.get("originate_disposition", NO_DISPOSITION)
        if disposition == "SUCCESS" and call.variables.get(BRIDGE_ANSWERED):
            return stop(why="answered, and over while the call server was away")
        if disposition == "SUCCESS":
            # Heard before an answer that never came.
            disposition = call.variables.get("last_bridge_hangup_cause", "") or "NO_ANSWER"
        if disposition in ("", "failure", NO_DISPOSITION):
            return await self.run(call, data)
        return go_on(disposition, cause=disposition, why=f"not answered: {disposition}")

    def explain(self, asking: Asking, data: DataT) -> Branch | Sequence[Branch]:
        """Where a call would go on, without a call: one branch, or each that is possible, `why` saying when.

        Runs inside the account's scope, so that it may read the database; `asking.press()` is what the caller presses.
        The default takes every child of the node that `children` knows of, and the end where somebody may answer.
        """
        ends = [stop(why="somebody answers")] if self.ends_when_answered else []
        known = [(key, meaning) for key in sorted(data.child_keys) if (meaning := self.meaning_of(key, data))]
        ways = [go_on(key, why=meaning) for key, meaning in known if key != DEFAULT_CHILD]
        if not self.children:
            return stop(why=_first_sentence(type(self)))
        return [*ends, *ways, go_on(why=str(self.children.get(DEFAULT_CHILD, "whatever happens")))]

    def meaning_of(self, key: str, data: DataT) -> str | None:
        """When the child called `key` is taken, None where it never is (saving a flow then warns of it)."""
        return next((str(meaning) for known, meaning in self.children.items() if fits(key, known)), None)

    @property
    def ends_when_answered(self) -> bool:
        """Whether the flow is over when somebody answers: so for whatever has a child for hangup causes."""
        return any("USER_BUSY" in key for key in self.children)


AnyVerb = Verb[Any]


def _first_sentence(verb: type[Verb[Any]]) -> str:
    return " ".join((verb.__doc__ or "").split()).partition(". ")[0]


@cache
def verbs() -> Mapping[str, AnyVerb]:
    """Every verb by name. Raises `NotOneClass`."""
    found: dict[str, AnyVerb] = {}
    for name, verb in class_of_each_file(MODULES, Verb).items():
        verb.name = name
        found[name] = verb()
    return found


def shapes() -> dict[str, type[VerbData]]:
    """`callflows.<verb>` → the shape of its data, as `/v2/schemas` serves them."""
    return {f"callflows.{name}": verb.Data for name, verb in verbs().items()}


def read_data(verb: AnyVerb, data: Mapping[str, Any], children: Iterable[str] = ()) -> VerbData:
    """A node's `data`, typed. Raises pydantic's ValidationError."""
    read: VerbData = verb.Data.model_validate(dict(data))
    read._child_keys = frozenset(children)
    return read


def problems_of(verb: AnyVerb, data: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """`(dotted path, kind, message)` of everything wrong with a node's data."""
    try:
        read_data(verb, data)
    except ValidationError as error:
        return [
            (".".join(str(part) for part in one["loc"]), one["type"], one["msg"])
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    return []


def validate_flow(flow: Any, path: str = "flow") -> dict[str, Any]:
    """See `apps.pbx.callflows.flow_validation.validate_flow`."""
    from apps.pbx.callflows import flow_validation

    return flow_validation.validate_flow(flow, path)
