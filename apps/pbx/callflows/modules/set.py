from __future__ import annotations

from typing import Any, ClassVar

from apps.pbx.callflows.call_variables import remember
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call


class SetData(VerbData):
    pass


class SetEverything(Verb[SetData]):
    """Remember every field of the data about the call. The older way to say `set_variables`."""

    Data = SetData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"campaign": "spring"},)

    async def run(self, call: Call, data: SetData) -> Branch:
        return go_on(why=f"{await remember(call, data.model_extra or {})} set")
