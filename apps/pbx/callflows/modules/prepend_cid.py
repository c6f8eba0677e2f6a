from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call, CallerId


class PrependCidData(VerbData):
    action: Literal["prepend", "reset"] = Field(
        "prepend", description="Put the prefixes in front, or restore the caller id as it came."
    )
    apply_to: Literal["current", "original"] = Field(
        "current", description="In front of the caller id as it is now, or as it came."
    )
    caller_id_name_prefix: str = Field("", max_length=64, description="Put in front of the name.")
    caller_id_number_prefix: str = Field("", max_length=32, description="Put in front of the number.")


class PrependCallerId(Verb[PrependCidData]):
    """Put a prefix in front of the caller id, so that whoever is rung sees which number was called."""

    Data = PrependCidData
    prepares = True
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"caller_id_name_prefix": "Sales: "}, {"action": "reset"})

    async def run(self, call: Call, data: PrependCidData) -> Branch:
        if data.action == "reset":
            await call.set_caller_id(call.original_caller_id)
            return go_on(why="caller id reset")
        base = call.original_caller_id if data.apply_to == "original" else call.caller_id
        await call.set_caller_id(
            CallerId(data.caller_id_name_prefix + base.name, data.caller_id_number_prefix + base.number)
        )
        return go_on(why="caller id prefixed")
