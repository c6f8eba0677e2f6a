from __future__ import annotations

from typing import Any, ClassVar

from apps.pbx.callflows.registry import Branch, Verb
from apps.pbx.pickup.documents import ReachData
from apps.pbx.pickup.queries import named_by
from apps.pbx.pickup.reaching import CHILDREN, pick_up
from apps.switching.calls.port import Call


class GroupPickupData(ReachData):
    pass


class PickUpForGroup(Verb[GroupPickupData]):
    """Answer a call that makes a device, a user or a group ring.

    Without an approved device, user or group it is for those who share a group or an owner with who is rung.
    """

    Data = GroupPickupData
    children = CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"group_id": "0123456789abcdef0123456789abcdef"},
        {
            "user_id": "0123456789abcdef0123456789abcdef",
            "approved_group_id": "fedcba9876543210fedcba9876543210",
        },
    )

    async def run(self, call: Call, data: GroupPickupData) -> Branch:
        return await pick_up(call, lambda: named_by(data), data)
