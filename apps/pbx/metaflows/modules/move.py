from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.endpoints.legs import Member
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import NotPossible, Talk
from apps.switching.calls import commands


class MoveData(Shape):
    device_id: str = Field("", max_length=128, description="Only this phone.", json_schema_extra={"names": "device"})
    owner_id: str = Field(
        "", max_length=128, description="The phones of this user; empty for whoever asks.",
        json_schema_extra={"names": "user"},
    )  # fmt: skip


class Move(Action[MoveData]):
    """Ring the other phones of whoever asks; the one that answers has the call."""

    Data = MoveData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"device_id": "0123456789abcdef0123456789abcdef"})

    def run(self, talk: Talk, data: MoveData) -> None:
        owner = data.owner_id or talk.own.owner_id
        if not data.device_id and not owner:
            raise NotPossible("the phone is nobody's")
        member = Member(data.device_id, "device") if data.device_id else Member(owner, "user")
        legs = talk.legs_of([member], besides=talk.own.authorizing_id)
        talk.ring(commands.intercept(legs, talk.peer, talk.variables(shown=talk.own.caller_id_number)))
