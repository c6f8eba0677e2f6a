from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call

_NUMBER = re.compile(r"[+*#A-Za-z0-9][*#A-Za-z0-9._-]{0,63}")
#: The dialplan context of calls whose account is in their variables.
_CONTEXT = "internal"


class AfterBridgeData(VerbData):
    action: Literal["park", "transfer", "hangup"] = Field("hangup", description="What happens to the caller.")
    data: bool | str = Field(True, description="With `transfer` the number; else `false` takes it back.")


class AfterBridge(Verb[AfterBridgeData]):
    """Say what becomes of the caller when the party he talks to later hangs up: park him, or send him to a number."""

    Data = AfterBridgeData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"action": "transfer", "data": "2000"},
        {"action": "park", "data": True},
        {"action": "hangup", "data": True},
    )

    async def run(self, call: Call, data: AfterBridgeData) -> Branch:
        wanted = _variables(data)
        await call.remember({"park_after_bridge": "", "transfer_after_bridge": "", **wanted})
        return go_on(why=f"{data.action} after the conversation")


def _variables(data: AfterBridgeData) -> dict[str, str]:
    if data.action == "transfer" and isinstance(data.data, str) and _NUMBER.fullmatch(data.data):
        return {"transfer_after_bridge": f"{data.data}:XML:{_CONTEXT}"}
    if data.action == "park" and data.data not in (False, "false"):
        return {"park_after_bridge": "true"}
    return {}
