from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import Talk
from apps.switching.calls import commands
from apps.switching.calls.models import ChannelState


class HoldControlData(Shape):
    action: Literal["hold", "unhold", "toggle"] = Field("toggle", description="What is done.")


class HoldControl(Action[HoldControlData]):
    """Put the call on hold, take it back, or whichever applies. A phone on hold sends no keys: what takes the call back
    is its own key for that, or the API."""

    Data = HoldControlData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"action": "toggle"},)

    def run(self, talk: Talk, data: HoldControlData) -> None:
        held = talk.own.state == ChannelState.HELD
        talk.tell(commands.hold(talk.own.uuid, not held if data.action == "toggle" else data.action == "hold"))
