from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb
from apps.pbx.pickup.documents import ReachData
from apps.pbx.pickup.queries import named_by
from apps.pbx.pickup.reaching import CHILDREN, listen_in
from apps.switching.calls.port import Call, Listening


class EavesdropData(ReachData):
    mode: Listening = Field("listen", description="Only listen, speak to the watched person alone, or speak to both.")


class HearConversation(Verb[EavesdropData]):
    """Listen to a conversation of a device, a user or a group's member, or speak into it.

    Only for the approved device, user or group: without one nobody may. Each use is noted in the audit trail.
    """

    Data = EavesdropData
    children = CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "group_id": "0123456789abcdef0123456789abcdef",
            "approved_user_id": "fedcba9876543210fedcba9876543210",
        },
        {
            "user_id": "0123456789abcdef0123456789abcdef",
            "approved_group_id": "fedcba9876543210fedcba9876543210",
            "mode": "whisper",
        },
    )

    async def run(self, call: Call, data: EavesdropData) -> Branch:
        return await listen_in(call, lambda: named_by(data), data, data.mode)
