from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.foundation.kit.patterns import search
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.documents import Pattern
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call, CallerId


class ShownIdentity(Shape):
    name: str = Field("", max_length=128, description="The name to show from here on.")
    number: str = Field("", max_length=64, description="The number to show from here on.")


class CheckedIdentities(Shape):
    external: ShownIdentity = Field(default_factory=ShownIdentity, description="Shown on calls that leave.")


class CheckCidData(VerbData):
    regex: Pattern = Field(".*", description="A regular expression over the caller's number.")
    use_absolute_mode: bool = Field(False, description="Go on at the child named like the caller's number.")
    caller_id: CheckedIdentities = Field(
        default_factory=CheckedIdentities, description="What a caller who matches shows."
    )
    user_id: str = Field(
        "", max_length=128, description="The user a caller who matches calls for.", json_schema_extra={"names": "user"}
    )


class CheckCallerId(Verb[CheckCidData]):
    """Go on by the caller's number: whether it matches a regular expression, or what it is."""

    Data = CheckCidData
    children: ClassVar[dict[str, str]] = {
        "match": "the number matches",
        "nomatch": "it does not",
        "+15551230042, 1001 …": "with use_absolute_mode: the number is this one",
        "_": "there is no such child",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"regex": "^\\+1555"},
        {"use_absolute_mode": True},
        {"regex": "^1001$", "caller_id": {"external": {"name": "Office", "number": "+13125550100"}}},
    )

    async def run(self, call: Call, data: CheckCidData) -> Branch:
        number = call.caller_id.number
        if data.use_absolute_mode:
            return go_on(number, why=f"called by {number}")
        branch = self._matched(number, data)
        if branch.keys == ("match",):
            await self._take_over(call, data)
        return branch

    @staticmethod
    def _matched(number: str, data: CheckCidData) -> Branch:
        matches = search(data.regex, number) is not None
        return go_on("match" if matches else "nomatch", why=f"{number} {'matches' if matches else 'does not match'}")

    @staticmethod
    async def _take_over(call: Call, data: CheckCidData) -> None:
        shown = data.caller_id.external
        if shown.name or shown.number:
            await call.set_caller_id(CallerId(shown.name, shown.number).or_else(call.caller_id))
            await call.set_variables({"caller_id_chosen": "true"})
        if data.user_id:
            await call.set_owner(data.user_id)

    def explain(self, asking: Asking, data: CheckCidData) -> Branch:
        if data.use_absolute_mode:
            return go_on(asking.caller_number, why=f"called by {asking.caller_number}")
        return self._matched(asking.caller_number, data)
