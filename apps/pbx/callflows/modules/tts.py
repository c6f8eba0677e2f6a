from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call


class TtsData(VerbData):
    text: str = Field(min_length=1, max_length=1000, description="What to say.")
    voice: str = Field("female", max_length=64, description="The voice; which ones there are depends on the engine.")
    language: str = Field("", max_length=16, description="The speaker's language, such as en-us.")
    engine: Literal["flite", "google", "ispeech", "voicefabric"] | None = Field(
        None, description="Kept for clients that set it; the switch's own engine speaks."
    )


class Speak(Verb[TtsData]):
    """Say a text to the caller by text-to-speech."""

    Data = TtsData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"text": "We are closed. Please call again tomorrow."},)

    async def run(self, call: Call, data: TtsData) -> Branch:
        await call.answer()
        await call.speak(data.text, data.voice, data.language)
        return go_on(why="said")
