from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData
from apps.pbx.callflows.ringing import BRIDGE_CHILDREN, Ring, ring
from apps.pbx.endpoints.legs import Member
from apps.switching.calls.port import Call


class DeviceData(VerbData):
    id: str = Field("", max_length=128, description="The device to ring.")
    timeout: int = Field(20, ge=0, le=3600, description="Seconds to ring; 0 is the default of 20.")
    delay: int = Field(0, ge=0, le=3600, description="Seconds to wait before it rings.")
    dial_strategy: Literal["simultaneous", "single"] = Field(
        "simultaneous", description="Ring the contacts of the device at once or in turn."
    )
    can_call_self: bool = Field(False, description="Also ring the device that is calling.")
    suppress_clid: bool = Field(False, description="Hide who is calling.")
    static_invite: str = Field("", max_length=64, description="User part of the SIP address to send, in place of ours.")
    custom_sip_headers: dict[str, Any] = Field(default_factory=dict, description="Extra SIP headers: name to value.")


class RingDevice(Verb[DeviceData]):
    """Ring one device. When nobody answers, the flow goes on at the child for the cause."""

    Data = DeviceData
    children = BRIDGE_CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"id": "0123456789abcdef0123456789abcdef", "timeout": 25},)

    async def run(self, call: Call, data: DeviceData) -> Branch:
        member = Member(data.id, "device", data.delay)
        return await ring(
            call,
            Ring(
                (member,),
                strategy=data.dial_strategy,
                timeout=data.timeout or 20,
                can_call_self=data.can_call_self,
                suppress_caller_id=data.suppress_clid,
                static_invite=data.static_invite,
                headers={name: str(value) for name, value in data.custom_sip_headers.items()},
            ),
        )
