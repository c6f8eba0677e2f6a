from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import NotPossible, Talk
from apps.switching.calls import commands


class TransferData(Shape):
    target: str = Field("", max_length=64, description="Where to; what a pattern captured where empty.")
    leg: Literal["", "self", "aleg", "bleg", "other"] = Field(
        "", description="Which leg goes there; empty for the other one of whoever presses keys."
    )


class Transfer(Action[TransferData]):
    """Send the other party to another number, without announcing him."""

    Data = TransferData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"target": "1002"}, {})

    def run(self, talk: Talk, data: TransferData) -> None:
        target = data.target or talk.digits
        if not target:
            raise NotPossible("there is nowhere to transfer to")
        sent = {"": talk.sent, "self": talk.own.uuid, "aleg": talk.own.uuid}.get(data.leg) or talk.peer
        talk.tell(commands.transfer(sent, target))
