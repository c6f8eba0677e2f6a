from __future__ import annotations

from typing import Any, ClassVar

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call

#: Seconds: a machine that calls gives up sooner, and a line is not held for ever.
LONGEST = 3600


class DeadAirData(VerbData):
    pass


class DeadAir(Verb[DeadAirData]):
    """Answer, and let the caller hear nothing until he hangs up (an hour at most): for callers nobody wants."""

    Data = DeadAirData
    children: ClassVar[dict[str, str]] = {"_": "an hour has passed"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)

    async def run(self, call: Call, data: DeadAirData) -> Branch:
        await call.answer()
        await call.wait(LONGEST)
        return go_on(why="an hour of silence")
