from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.callflows.sounds import NoSuchSound, playable
from apps.switching.calls.port import ALL_KEYS, Call


class PlayData(VerbData):
    id: str = Field(
        "",
        max_length=2048,
        description="What to play: a media id, a prompt (`prompt://<account>/<prompt>/<language>` or "
        "`/system_media/<prompt>`), a tone or an http(s) URL.",
    )
    answer: bool = Field(True, description="Answer a call that is not answered yet; else it is played as early media.")
    loop_count: int = Field(1, ge=1, le=1000, description="How many times.")
    endless_playback: bool = Field(False, description="Play until the caller presses a key or hangs up.")
    terminators: list[str] = Field(default_factory=lambda: list(ALL_KEYS), description="Keys that end it.")


class Play(Verb[PlayData]):
    """Play a sound to the caller."""

    Data = PlayData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"id": "tone_stream://%(500,500,440)", "loop_count": 2},
        {"id": "https://example.com/welcome.wav", "terminators": ["#"]},
        {"id": "0123456789abcdef0123456789abcdef", "endless_playback": True},
        {"id": "/system_media/menu-invalid_entry", "answer": False},
    )

    async def run(self, call: Call, data: PlayData) -> Branch:
        try:
            media = await playable(call, data.id)
        except NoSuchSound as error:
            return go_on(why=f"not played: {error}")
        await (call.answer() if data.answer else call.pre_answer())
        pressed = await call.play(media, keys(data.terminators), loops=0 if data.endless_playback else data.loop_count)
        return go_on(why=f"ended by {pressed}" if pressed else "played")


def keys(terminators: list[str]) -> str:
    """The keys of a list that are keys."""
    return "".join(key for key in terminators if len(key) == 1 and key in ALL_KEYS)
