from __future__ import annotations

from typing import Any, ClassVar

from apps.pbx.callflows.registry import Branch, Verb
from apps.pbx.pickup.documents import ReachData
from apps.pbx.pickup.queries import named_by
from apps.pbx.pickup.reaching import CHILDREN, take_over
from apps.switching.calls.port import Call


class InterceptData(ReachData):
    pass


class TakeOver(Verb[InterceptData]):
    """Take over a conversation that a device, a user or a group's member is having; that phone is hung up.

    Without an approved device, user or group it is for those who share a group or an owner with who is talking.
    """

    Data = InterceptData
    children = CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "user_id": "0123456789abcdef0123456789abcdef",
            "approved_user_id": "fedcba9876543210fedcba9876543210",
        },
    )

    async def run(self, call: Call, data: InterceptData) -> Branch:
        return await take_over(call, lambda: named_by(data), data)
