from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.modules.play import keys
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.media.languages import normal
from apps.pbx.media.speech import Words, sound
from apps.switching.calls.port import ALL_KEYS, Call


class TtsData(VerbData):
    text: str = Field(min_length=1, max_length=1000, description="What to say.")
    voice: str = Field("female", max_length=64, description="`male`, `female`, or a voice the engine has.")
    language: str = Field("", max_length=35, description="The speaker's language, such as en-us; empty: the caller's.")
    engine: str = Field(
        "", max_length=64, description="The engine that speaks; empty, or one that is not there: the account's."
    )
    terminators: list[str] = Field(default_factory=lambda: list(ALL_KEYS), description="Keys that end it.")
    endless_playback: bool = Field(False, description="Say it until the caller presses a key or hangs up.")


class Speak(Verb[TtsData]):
    """Say a text to the caller by text-to-speech."""

    Data = TtsData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"text": "We are closed. Please call again tomorrow."},
        {"text": "Nuestras oficinas están cerradas.", "language": "es-mx", "voice": "male", "terminators": ["#"]},
    )

    async def run(self, call: Call, data: TtsData) -> Branch:
        await call.answer()
        media = await sound(call, Words(data.text, data.voice, normal(data.language), data.engine))
        pressed = await call.play(media, keys(data.terminators), loops=0 if data.endless_playback else 1)
        return go_on(why=f"ended by {pressed}" if pressed else "said")
