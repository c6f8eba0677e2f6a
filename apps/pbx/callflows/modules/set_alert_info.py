from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.dial_string import display_text
from apps.switching.calls.port import Call


class SetAlertInfoData(VerbData):
    alert_info: str = Field(
        min_length=1, max_length=256, description="The Alert-Info header of phones rung later (RFC 3261 §20.4)."
    )


class SetAlertInfo(Verb[SetAlertInfoData]):
    """Have phones that are rung later ring in another way."""

    Data = SetAlertInfoData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"alert_info": "info=Bellcore-dr3"},)

    async def run(self, call: Call, data: SetAlertInfoData) -> Branch:
        # The switch reads angle brackets as its own; phones take the words without them.
        header = display_text(data.alert_info.strip().strip("<>"))
        if not header:
            return go_on(why="there is no text in it")
        await call.set_variables({"alert_info": header}, export=True)
        return go_on(why=f"phones ring as {header}")
