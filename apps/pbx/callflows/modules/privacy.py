from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.redialling import dial_anew, explained
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call

#: What legs are told to hide (FreeSWITCH's `origination_privacy`).
_HIDDEN = {"full": "hide_name:hide_number", "name": "hide_name", "number": "hide_number"}


class PrivacyData(VerbData):
    mode: Literal["full", "name", "number", "yes"] = Field(
        "full", description="What is hidden: the name and the number (`full`, `yes`), or one of them."
    )
    endpoint_strategy: Literal["overwrite", "merge"] = Field(
        "overwrite", description="Whether the caller's own privacy settings are replaced or added to."
    )


class HideCaller(Verb[PrivacyData]):
    """Hide who is calling from here on. Behind a feature code, the number after the code is dialled."""

    Data = PrivacyData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"mode": "number", "endpoint_strategy": "merge"})

    async def run(self, call: Call, data: PrivacyData) -> Branch:
        mode = _mode(call.variables.get("caller_privacy", ""), data)
        await call.set_variables({"caller_privacy": mode})
        await call.set_variables({"origination_privacy": _HIDDEN[mode]}, export=True)
        if number := call.variables.get("capture_group", ""):
            return await dial_anew(call, number)
        return go_on(why=f"hidden: {mode}")

    def explain(self, asking: Asking, data: PrivacyData) -> Branch:
        return explained(asking.capture_group) if asking.capture_group else go_on(why=f"hidden: {data.mode}")


def _mode(before: str, data: PrivacyData) -> str:
    wanted = "full" if data.mode == "yes" else data.mode
    if data.endpoint_strategy == "merge" and before in _HIDDEN and before != wanted:
        return "full"
    return wanted
