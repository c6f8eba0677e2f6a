from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import NotPossible, Talk
from apps.switching.calls.commands import NodeCommand, checked_uuid

MODULE = "mod_soundtouch"


class SoundTouchData(Shape):
    action: Literal["start", "stop"] = Field("start", description="Change the voice, or take that back.")
    sending_leg: bool = Field(False, description="Change what the party hears, not what it says.")
    hook_dtmf: bool = Field(False, description="The party's keys change the voice further.")
    adjust_in_semitones: float | None = Field(None, ge=-14, le=14, description="Higher or lower. Semitones.")
    adjust_in_octaves: float | None = Field(None, ge=-1, le=1, description="Higher or lower. Octaves.")
    pitch: float | None = Field(None, ge=0.1, le=4, description="The pitch itself; 1 as it comes.")
    rate: float | None = Field(None, ge=0.1, le=4, description="Pitch and tempo together; 1 as it comes.")
    tempo: float | None = Field(None, ge=0.1, le=4, description="The tempo; 1 as it comes.")


class SoundTouch(Action[SoundTouchData]):
    """Change a party's voice. The switch needs `mod_soundtouch` for it, which it may not have."""

    Data = SoundTouchData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"adjust_in_semitones": -4}, {"action": "stop"})

    def run(self, talk: Talk, data: SoundTouchData) -> None:
        if talk.told(NodeCommand("module_exists", MODULE)) != "true":
            raise NotPossible(f"the switch has no {MODULE}")
        talk.tell(NodeCommand("soundtouch", f"{checked_uuid(talk.own.uuid)} {_words(data)}"))


def _words(data: SoundTouchData) -> str:
    if data.action == "stop":
        return "stop"
    values = {
        "s": data.adjust_in_semitones, "o": data.adjust_in_octaves,
        "p": data.pitch, "r": data.rate, "t": data.tempo,
    }  # fmt: skip
    words = [word for word, on in (("send_leg", data.sending_leg), ("hook_dtmf", data.hook_dtmf)) if on]
    return " ".join(["start", *words, *(f"{value:g}{unit}" for unit, value in values.items() if value is not None)])
