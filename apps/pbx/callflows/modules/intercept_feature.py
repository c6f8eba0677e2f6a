from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb
from apps.pbx.endpoints.legs import Member
from apps.pbx.pickup.documents import ApprovedData
from apps.pbx.pickup.queries import behind
from apps.pbx.pickup.reaching import CHILDREN, take_over
from apps.switching.calls.port import Call


class InterceptFeatureData(ApprovedData):
    type: Literal["user", "device", "extension"] = Field(
        "extension", description="What was dialled behind the code: the id of one of these, or an extension."
    )


class TakeOverDialled(Verb[InterceptFeatureData]):
    """Take over the conversation the dialled extension is having; that phone is hung up.

    Without an approved device, user or group it is for those who share a group or an owner with who is talking.
    """

    Data = InterceptFeatureData
    children = CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"type": "extension"},)

    async def run(self, call: Call, data: InterceptFeatureData) -> Branch:
        dialled = call.variables.get("capture_group", "")

        def members() -> list[Member]:
            return behind(dialled) if data.type == "extension" else [Member(dialled, data.type)]

        return await take_over(call, members, data)
