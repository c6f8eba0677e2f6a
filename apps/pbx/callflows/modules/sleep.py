from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call

MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
LONGEST = 86_400_000


class SleepData(VerbData):
    duration: int = Field(0, ge=0, le=LONGEST, description="How long, in `unit`; never more than a day.")
    unit: Literal["ms", "s", "m", "h"] = Field("s", description="Milliseconds, seconds, minutes or hours.")


class Sleep(Verb[SleepData]):
    """Wait for a while."""

    Data = SleepData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"duration": 3}, {"duration": 500, "unit": "ms"})

    async def run(self, call: Call, data: SleepData) -> Branch:
        await call.sleep(min(data.duration * MILLISECONDS[data.unit], LONGEST))
        return go_on(why="waited")
