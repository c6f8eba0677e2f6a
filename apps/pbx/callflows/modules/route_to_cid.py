from __future__ import annotations

from typing import Any, ClassVar, Literal

from django.db.models import Q
from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.callflows.ringing import BRIDGE_CHILDREN, Ring, ring
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.legs import Member
from apps.pbx.users.models import User
from apps.switching.calls.port import Call


class RouteToCidData(VerbData):
    cid_types: list[Literal["internal", "external", "emergency", "asserted", "custom"]] = Field(
        default_factory=lambda: ["internal"], min_length=1, max_length=5,  # type: ignore[arg-type]
        description="Which caller ids are compared with what was dialled.",
    )  # fmt: skip
    endpoint_types: list[Literal["user", "device"]] = Field(
        default_factory=list, max_length=2, description="Whose: users', devices', or both where empty."
    )
    timeout: int = Field(0, ge=0, le=3600, description="Seconds to ring; 0 is the default of 20.")
    delay: int = Field(0, ge=0, le=3600, description="Seconds to wait before it rings.")
    can_call_self: bool = Field(False, description="Also ring where the caller is the user himself.")
    static_invite: str = Field("", max_length=64, description="User part of the SIP address to send, in place of ours.")
    suppress_clid: bool = Field(False, description="Hide who is calling.")


class RouteToCallerId(Verb[RouteToCidData]):
    """Ring whoever shows what was dialled as caller id."""

    Data = RouteToCidData
    children = BRIDGE_CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"cid_types": ["external"], "endpoint_types": ["user"]})

    async def run(self, call: Call, data: RouteToCidData) -> Branch:
        number = call.variables.get("capture_group", "") or call.destination
        members = await in_account(call.account_id, _members, number, data)
        if not members:
            return go_on(why=f"nobody shows {number}")
        return await ring(
            call,
            Ring(
                members,
                timeout=data.timeout or 20,
                can_call_self=data.can_call_self,
                suppress_caller_id=data.suppress_clid,
                static_invite=data.static_invite,
            ),
        )


def _members(number: str, data: RouteToCidData) -> tuple[Member, ...]:
    shows = Q()
    for kind in data.cid_types:
        shows |= Q(**{f"document__caller_id__{kind}__number": number})
    wanted = data.endpoint_types or ["user", "device"]
    users = User.objects.filter(shows).values_list("id", flat=True) if "user" in wanted else ()
    devices = Device.objects.filter(shows).values_list("id", flat=True) if "device" in wanted else ()
    return (
        *(Member(identifier, "user", data.delay) for identifier in users),
        *(Member(identifier, "device", data.delay) for identifier in devices),
    )
