from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.models import Callflow
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import NotPossible, Talk


class ParkData(Shape):
    slot: str = Field("", max_length=10, pattern=r"^[0-9]*$", description="The slot; empty for the next free one.")


class Park(Action[ParkData]):
    """Park the other party; whoever he talked to is rung when nobody takes him back.

    It needs the account's callflow for parking: the one dialled as `*3`, or as `*4` for the next free slot.
    """

    Data = ParkData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"slot": "101"})

    def run(self, talk: Talk, data: ParkData) -> None:
        wanted = "auto" if data.slot else "park"
        flows = Callflow.objects.filter(flow__module="park", flow__data__action=wanted)
        numbers = [number for flow in flows for number in flow.numbers]
        if not numbers:
            raise NotPossible("the account has no callflow that parks calls")
        talk.send_on(f"{min(numbers, key=len)}{data.slot}")
