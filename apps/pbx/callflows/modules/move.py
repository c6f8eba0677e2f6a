from __future__ import annotations

from typing import Any, ClassVar

from apps.pbx.callflows.registry import Branch, Verb, VerbData
from apps.pbx.endpoints.legs import Member
from apps.pbx.pickup.documents import ApprovedData
from apps.pbx.pickup.reaching import CHILDREN, take_over
from apps.switching.calls.port import Call


class MoveData(VerbData):
    pass


class MoveCall(Verb[MoveData]):
    """Take the conversation the caller is having at another of his phones to this one."""

    Data = MoveData
    children = CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)

    async def run(self, call: Call, data: MoveData) -> Branch:
        own = [Member(call.owner_id, "user")] if call.owner_id else []
        return await take_over(call, lambda: own, ApprovedData())
