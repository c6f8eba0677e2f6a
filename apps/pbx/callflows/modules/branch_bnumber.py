from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.patterns import search
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.documents import Pattern
from apps.pbx.callflows.queries import find_flow
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on, jump
from apps.pbx.endpoints.documents import BlankIsAbsent
from apps.switching.calls.port import Call


class BranchBNumberData(VerbData):
    hunt: bool = Field(False, description="Go on with the callflow of the number, where there is no child for it.")
    hunt_allow: Annotated[Pattern | None, BlankIsAbsent] = Field(
        None, description="Only numbers that match this regular expression."
    )
    hunt_deny: Annotated[Pattern | None, BlankIsAbsent] = Field(
        None, description="Never numbers that match this regular expression."
    )


class BranchOnDialledNumber(Verb[BranchBNumberData]):
    """Go on by what was dialled: what the pattern captured, else the whole number."""

    Data = BranchBNumberData
    children: ClassVar[dict[str, str]] = {
        "+15551230042, 1001 …": "this was dialled",
        "_": "there is no child for it, nor a callflow that may be hunted",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"hunt": True, "hunt_allow": "^1[0-9]{3}$"})

    async def run(self, call: Call, data: BranchBNumberData) -> Branch:
        number = call.variables.get("capture_group", "") or call.destination
        if number in data.child_keys or not _may_hunt(data, number):
            return go_on(number, why=f"dialled {number}")
        return await in_account(call.account_id, _hunted, number, call.variables.get("callflow_id", ""))

    def explain(self, asking: Asking, data: BranchBNumberData) -> Branch:
        number = asking.capture_group or asking.destination
        if number in data.child_keys or not _may_hunt(data, number):
            return go_on(number, why=f"dialled {number}")
        return _hunted(number, "")


def _may_hunt(data: BranchBNumberData, number: str) -> bool:
    allowed = data.hunt_allow is None or search(data.hunt_allow, number) is not None
    denied = data.hunt_deny is not None and search(data.hunt_deny, number) is not None
    return data.hunt and allowed and not denied


def _hunted(number: str, running: str) -> Branch:
    """The flow of a number, but never the one that asks, nor the catch-all."""
    found = find_flow(number)
    if found is None or found.is_no_match or found.callflow.id == running:
        return go_on(number, why=f"no callflow answers {number}")
    return jump(found.callflow.id, comes_back=True, why=f"dialled {number}")
