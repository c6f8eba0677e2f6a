from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.media.queries import playable
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import NotPossible, Talk, both
from apps.switching.calls import commands


class PlayData(Shape):
    id: str = Field("", max_length=128, description="The sound, by its id.", json_schema_extra={"names": "media"})
    leg: Literal["self", "peer", "both"] = Field("both", description="Who hears it.")


class Play(Action[PlayData]):
    """Play a sound into the conversation."""

    Data = PlayData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"id": "0123456789abcdef0123456789abcdef", "leg": "both"},)

    def run(self, talk: Talk, data: PlayData) -> None:
        sound = playable(data.id) if data.id else ""
        if not sound:
            raise NotPossible(f"there is no sound {data.id}")
        talk.tell(commands.broadcast(talk.own.uuid, sound, both(data.leg)))
