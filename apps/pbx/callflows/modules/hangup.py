from __future__ import annotations

from typing import Any, ClassVar

from apps.pbx.callflows.registry import Branch, Verb, VerbData, stop
from apps.switching.calls.port import Call


class HangupData(VerbData):
    pass


class Hangup(Verb[HangupData]):
    """Hang up."""

    Data = HangupData
    children: ClassVar[dict[str, str]] = {}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)

    async def run(self, call: Call, data: HangupData) -> Branch:
        await call.hang_up()
        return stop(why="hung up")
