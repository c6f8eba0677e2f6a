from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData
from apps.pbx.callflows.ringing import BRIDGE_CHILDREN, Ring, ring
from apps.pbx.endpoints.legs import Member
from apps.switching.calls.port import Call


class UserData(VerbData):
    id: str = Field("", max_length=128, description="The user whose devices ring.")
    timeout: int = Field(20, ge=0, le=3600, description="Seconds to ring.")
    delay: int = Field(0, ge=0, le=3600, description="Seconds to wait before they ring.")
    strategy: Literal["simultaneous", "single"] = Field(
        "simultaneous", description="Ring the devices at once or in turn."
    )
    fail_on_single_reject: bool = Field(False, description="One device that rejects ends ringing on all of them.")
    can_call_self: bool = Field(False, description="Also ring where the caller is the user himself.")
    suppress_clid: bool = Field(False, description="Hide who is calling.")
    static_invite: str = Field("", max_length=64, description="User part of the SIP address to send, in place of ours.")
    custom_sip_headers: dict[str, Any] = Field(default_factory=dict, description="Extra SIP headers: name to value.")


class RingUser(Verb[UserData]):
    """Ring all devices of a user, with the user's do-not-disturb and call forwarding."""

    Data = UserData
    children = BRIDGE_CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"id": "0123456789abcdef0123456789abcdef"},
        {"id": "0123456789abcdef0123456789abcdef", "strategy": "single", "timeout": 10},
    )

    async def run(self, call: Call, data: UserData) -> Branch:
        return await ring(
            call,
            Ring(
                (Member(data.id, "user", data.delay),),
                strategy=data.strategy,
                timeout=data.timeout or 20,
                fail_on_single_reject=data.fail_on_single_reject,
                can_call_self=data.can_call_self,
                suppress_caller_id=data.suppress_clid,
                static_invite=data.static_invite,
                headers={name: str(value) for name, value in data.custom_sip_headers.items()},
            ),
        )
