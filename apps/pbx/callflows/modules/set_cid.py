from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call, CallerId


class SetCidData(VerbData):
    caller_id_name: str = Field("", max_length=128, description="The name to show; empty leaves it.")
    caller_id_number: str = Field("", max_length=64, description="The number to show; empty leaves it.")


class SetCallerId(Verb[SetCidData]):
    """Show another caller id from here on."""

    Data = SetCidData
    prepares = True
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"caller_id_name": "Sales", "caller_id_number": "+13125550100"},)

    async def run(self, call: Call, data: SetCidData) -> Branch:
        await call.set_caller_id(CallerId(data.caller_id_name, data.caller_id_number).or_else(call.caller_id))
        await call.set_variables({"caller_id_chosen": "true"})
        return go_on(why="caller id set")
