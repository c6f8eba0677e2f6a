from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.call_variables import remember
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call


class SetVariablesData(VerbData):
    custom_application_vars: dict[str, Any] = Field(max_length=100, description="Values by names of your own.")
    export: bool = Field(False, description="Also on the legs rung later.")


class SetVariables(Verb[SetVariablesData]):
    """Remember several things about the call, for later steps, `branch_variable` and call records."""

    Data = SetVariablesData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"custom_application_vars": {"campaign": "spring", "step": 2}, "export": True},
    )

    async def run(self, call: Call, data: SetVariablesData) -> Branch:
        return go_on(why=f"{await remember(call, data.custom_application_vars, export=data.export)} set")
