from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.media.listener import Asking, listener_of
from apps.pbx.media.speech import Words, compose
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import Talk, both
from apps.switching.calls import commands


class SpeakData(Shape):
    text: str = Field(min_length=1, max_length=1_000, description="What is said.")
    language: str = Field("", max_length=16, description="Its language; empty for that of whoever asks.")
    voice: str = Field("", max_length=64, description="Who says it: male, female, or a voice of the engine.")
    leg: Literal["self", "peer", "both"] = Field("self", description="Who hears it.")


class Speak(Action[SpeakData]):
    """Say a text into the conversation."""

    Data = SpeakData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"text": "One minute left", "leg": "both"},)

    def run(self, talk: Talk, data: SpeakData) -> None:
        listener = listener_of(Asking(talk.own.authorizing_id, talk.own.owner_id, data.language))
        sound = compose([Words(data.text, data.voice, data.language)], listener)
        talk.tell(commands.broadcast(talk.own.uuid, sound, both(data.leg)))
