from __future__ import annotations

from typing import Any, ClassVar

from apps.pbx.callflows.registry import Branch, Verb
from apps.pbx.endpoints.legs import Member
from apps.pbx.pickup.documents import ReachData
from apps.pbx.pickup.queries import behind, named_by
from apps.pbx.pickup.reaching import CHILDREN, pick_up
from apps.switching.calls.port import Call


class CallPickupData(ReachData):
    pass


class PickUpCall(Verb[CallPickupData]):
    """Answer a ringing call: of the device, user or group named here, else of the extension dialled behind the code.

    Without an approved device, user or group it is for those who share a group or an owner with who is rung.
    """

    Data = CallPickupData
    children = CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"device_id": "0123456789abcdef0123456789abcdef"},
    )

    async def run(self, call: Call, data: CallPickupData) -> Branch:
        dialled = call.variables.get("capture_group", "")

        def members() -> list[Member]:
            return named_by(data) or behind(dialled)

        return await pick_up(call, members, data)
