from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import Talk
from apps.switching.calls.commands import NodeCommand, checked_uuid


class AudioLevelData(Shape):
    action: Literal["start", "stop"] = Field("start", description="Change the volume, or take that back.")
    level: int = Field(0, ge=-4, le=4, description="Louder above 0, quieter below.")
    mode: Literal["read", "write"] = Field("read", description="What the party says (read), or what he hears (write).")


class AudioLevel(Action[AudioLevelData]):
    """Make a party louder or quieter."""

    Data = AudioLevelData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"level": 2, "mode": "write"}, {"action": "stop"})

    def run(self, talk: Talk, data: AudioLevelData) -> None:
        wanted = f"start {data.mode} level {data.level}" if data.action == "start" else "stop"
        talk.tell(NodeCommand("uuid_audio", f"{checked_uuid(talk.own.uuid)} {wanted}"))
