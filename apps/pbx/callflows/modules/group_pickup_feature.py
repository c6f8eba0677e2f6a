from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb
from apps.pbx.endpoints.legs import Member
from apps.pbx.pickup.documents import ReachData
from apps.pbx.pickup.queries import behind, named_by
from apps.pbx.pickup.reaching import CHILDREN, pick_up
from apps.switching.calls.port import Call


class GroupPickupFeatureData(ReachData):
    type: Literal["group", "user", "device", "extension"] = Field(
        "extension", description="What was dialled behind the code: the id of one of these, or an extension."
    )


class PickUpDialled(Verb[GroupPickupFeatureData]):
    """Answer a call that makes the dialled extension ring.

    Without an approved device, user or group it is for those who share a group or an owner with who is rung.
    """

    Data = GroupPickupFeatureData
    children = CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"type": "extension"},
        {"type": "group", "group_id": "0123456789abcdef0123456789abcdef"},
    )

    async def run(self, call: Call, data: GroupPickupFeatureData) -> Branch:
        dialled = call.variables.get("capture_group", "")

        def members() -> list[Member]:
            if named := named_by(data):
                return named
            return behind(dialled) if data.type == "extension" else [Member(dialled, data.type)]

        return await pick_up(call, members, data)
