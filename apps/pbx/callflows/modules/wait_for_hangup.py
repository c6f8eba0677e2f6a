from __future__ import annotations

from typing import Any, ClassVar

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call

#: Seconds after which nobody can be meant to wait any more.
LONGEST = 4 * 3600


class WaitForHangupData(VerbData):
    pass


class WaitForHangup(Verb[WaitForHangupData]):
    """Hold the flow here until the caller hangs up (four hours at most). The call is not answered by it."""

    Data = WaitForHangupData
    children: ClassVar[dict[str, str]] = {"_": "four hours have passed"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)

    async def run(self, call: Call, data: WaitForHangupData) -> Branch:
        await call.wait(LONGEST)
        return go_on(why="four hours have passed")
