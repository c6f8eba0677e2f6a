from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, Verb, go_on
from apps.pbx.endpoints.legs import Member
from apps.pbx.pickup.documents import ApprovedData
from apps.pbx.pickup.queries import behind, parties
from apps.pbx.pickup.reaching import CHILDREN, listen_in
from apps.switching.calls.port import Call, Listening


class EavesdropFeatureData(ApprovedData):
    group_id: str = Field(
        "", max_length=128, description="Only extensions of this group's members.",
        json_schema_extra={"names": "group"},
    )  # fmt: skip
    mode: Listening = Field("listen", description="Only listen, speak to the watched person alone, or speak to both.")


class HearDialledConversation(Verb[EavesdropFeatureData]):
    """Listen to the conversation of the dialled extension, or speak into it.

    Only for the approved device, user or group: without one nobody may. Each use is noted in the audit trail.
    """

    Data = EavesdropFeatureData
    children = CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "approved_group_id": "0123456789abcdef0123456789abcdef",
            "group_id": "fedcba9876543210fedcba9876543210",
        },
    )

    async def run(self, call: Call, data: EavesdropFeatureData) -> Branch:
        dialled = call.variables.get("capture_group", "")
        members = await in_account(call.account_id, _watched, dialled, data.group_id)
        if not members:
            return go_on(why=f"{dialled} is nobody who may be listened to")
        return await listen_in(call, lambda: members, data, data.mode)


def _watched(extension: str, group_id: str) -> list[Member]:
    """Whom the extension rings, where they are all in the group."""
    found = behind(extension)
    if group_id and not parties(found) <= parties([Member(group_id, "group")]):
        return []
    return found
