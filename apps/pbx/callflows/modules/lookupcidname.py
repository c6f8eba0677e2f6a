from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.lists.queries import name_of
from apps.switching.calls.port import Call, CallerId


class LookupCidNameData(VerbData):
    lists: list[str] = Field(
        default_factory=list, max_length=100, description="Phone books, the first that knows the number wins.",
        json_schema_extra={"names": "list"},
    )  # fmt: skip


class LookUpCallerName(Verb[LookupCidNameData]):
    """Show the name a phone book has for the caller's number."""

    Data = LookupCidNameData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"lists": ["0123456789abcdef0123456789abcdef"]},)

    async def run(self, call: Call, data: LookupCidNameData) -> Branch:
        name = await in_account(call.account_id, name_of, data.lists, call.caller_id.number)
        if not name:
            return go_on(why="no phone book has the number")
        await call.set_caller_id(CallerId(name, call.caller_id.number))
        return go_on(why=f"the caller is {name}")
