from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.call_variables import remember
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.dial_string import display_text
from apps.switching.calls.port import Call

#: What call handling itself reads.
KNOWN = ("call_priority",)


class SetVariableData(VerbData):
    variable: str = Field("", max_length=64, description="`call_priority`, or a name of your own.")
    value: str = Field("", max_length=1024, description="Its value.")
    channel: Literal["a", "both"] = Field("a", description="`both`: also on the legs rung later.")


class SetVariable(Verb[SetVariableData]):
    """Remember something about the call under a name, for later steps, `branch_variable` and call records."""

    Data = SetVariableData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"variable": "call_priority", "value": "10"},
        {"variable": "campaign", "value": "spring", "channel": "both"},
    )

    async def run(self, call: Call, data: SetVariableData) -> Branch:
        both = data.channel == "both"
        if data.variable in KNOWN:
            await call.set_variables({data.variable: display_text(data.value)}, export=both)
        elif not await remember(call, {data.variable: data.value}, export=both):
            return go_on(why="the variable has no name")
        return go_on(why=f"{data.variable} set")
