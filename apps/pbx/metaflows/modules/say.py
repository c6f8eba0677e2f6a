from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.media.listener import Asking, listener_of
from apps.pbx.media.speech import Digits, Number, Words, compose
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import Talk
from apps.switching.calls import commands


class SayData(Shape):
    text: str = Field(min_length=1, max_length=1_000, description="What is said: words, or digits.")
    language: str = Field("", max_length=16, description="The language; empty for that of whoever asks.")
    method: Literal["pronounced", "iterated", "counted"] = Field(
        "pronounced", description="Digits as one number (pronounced, counted), or one by one (iterated)."
    )


class Say(Action[SayData]):
    """Say a number or words to whoever asks."""

    Data = SayData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"text": "101", "method": "iterated"},)

    def run(self, talk: Talk, data: SayData) -> None:
        listener = listener_of(Asking(talk.own.authorizing_id, talk.own.owner_id, data.language))
        is_number = data.text.isascii() and data.text.isdigit()
        part = Words(data.text) if not is_number else Digits(data.text)
        if is_number and data.method != "iterated" and len(data.text) < 16:
            part = Number(int(data.text))  # type: ignore[assignment]
        talk.tell(commands.broadcast(talk.own.uuid, compose([part], listener)))
