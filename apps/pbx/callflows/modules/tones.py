from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.modules.play import keys
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.media.tones import Tone
from apps.switching.calls.port import ALL_KEYS, Call


class TonesData(VerbData):
    tones: list[Tone] = Field(min_length=1, max_length=20, description="The tones, one after the other.")
    answer: bool = Field(True, description="Answer a call that is not answered yet; else they are early media.")
    terminators: list[str] = Field(default_factory=lambda: list(ALL_KEYS), description="Keys that end them.")


class Tones(Verb[TonesData]):
    """Play tones to the caller: the cadence of a busy line, three rising tones before an announcement."""

    Data = TonesData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"tones": [{"frequencies": [480, 620], "duration_on": 500, "duration_off": 500, "repeat": 3}]},
        {
            "tones": [
                {"frequencies": [950], "duration_on": 330},
                {"frequencies": [1400], "duration_on": 330},
                {"frequencies": [1800], "duration_on": 330, "duration_off": 1000, "volume": 80},
            ],
            "answer": False,
        },
    )

    async def run(self, call: Call, data: TonesData) -> Branch:
        await (call.answer() if data.answer else call.pre_answer())
        for tone in data.tones:
            if pressed := await call.play(tone.reference, keys(data.terminators)):
                return go_on(why=f"ended by {pressed}")
        return go_on(why="played")
