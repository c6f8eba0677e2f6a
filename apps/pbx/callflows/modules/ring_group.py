from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.foundation.kit.clock import from_gregorian, now
from apps.pbx.callflows.registry import Branch, Verb, VerbData
from apps.pbx.callflows.ringing import BRIDGE_CHILDREN, STRATEGIES, Ring, Strategy, ring
from apps.pbx.endpoints.legs import Member
from apps.switching.calls.port import Call


class RingGroupEndpoint(Shape):
    id: str = Field(min_length=1, max_length=128, description="The device, user or group to ring.")
    endpoint_type: Literal["device", "user", "group"] = Field(description="What the id names.")
    delay: int = Field(0, ge=0, le=3600, description="Seconds to wait before it rings.")
    timeout: int = Field(20, ge=0, le=3600, description="Seconds it rings.")
    weight: int = Field(20, ge=1, le=100, description="Chance to come first with the strategy weighted_random.")
    disable_until: int | None = Field(None, description="Not rung before this time, in Gregorian seconds.")


class Ringtones(Shape):
    internal: str = Field("", max_length=256, description="Alert-Info of calls from inside the account.")
    external: str = Field("", max_length=256, description="Alert-Info of calls from outside.")


class RingGroupData(VerbData):
    name: str = Field("", max_length=128, description="A name for people.")
    endpoints: list[RingGroupEndpoint] = Field(min_length=1, max_length=5000, description="Whom to ring.")
    strategy: Strategy = Field("simultaneous", description=STRATEGIES)
    skip_busy: bool = Field(False, description="Pass over members who have a call.")
    timeout: int = Field(20, ge=0, le=3600, description="Seconds one round rings; in turn, at most this long each.")
    repeats: int = Field(1, ge=1, le=100, description="How many rounds.")
    ringback: str = Field(
        "", max_length=2048, description="What the caller hears meanwhile: a tone, a URL or the id of a sound."
    )
    ringtones: Ringtones = Field(default_factory=Ringtones, description="How the phones ring.")
    ignore_forward: bool = Field(True, description="Ignore SIP redirects of forwarded phones.")
    fail_on_single_reject: bool = Field(False, description="One phone that rejects ends ringing on all of them.")


class RingRingGroup(Verb[RingGroupData]):
    """Ring several devices, users and groups, at once or in turn."""

    Data = RingGroupData
    children = BRIDGE_CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "name": "Sales",
            "endpoints": [
                {"id": "0123456789abcdef0123456789abcdef", "endpoint_type": "user"},
                {"id": "fedcba9876543210fedcba9876543210", "endpoint_type": "device", "delay": 10},
            ],
            "timeout": 30,
        },
        {
            "endpoints": [{"id": "0123456789abcdef0123456789abcdef", "endpoint_type": "group", "weight": 40}],
            "strategy": "weighted_random",
            "repeats": 2,
            "ringback": "%(2000,4000,440,480)",
        },
    )

    async def run(self, call: Call, data: RingGroupData) -> Branch:
        moment = now()
        members = tuple(
            Member(one.id, one.endpoint_type, one.delay, one.timeout or None, one.weight)
            for one in data.endpoints
            if not _is_away(one.disable_until, moment)
        )
        return await ring(
            call,
            Ring(
                members,
                strategy=data.strategy,
                timeout=data.timeout or 20,
                repeats=data.repeats,
                ringback=data.ringback,
                fail_on_single_reject=data.fail_on_single_reject,
                ignore_redirects=data.ignore_forward,
                direct=False,
                skip_busy=data.skip_busy,
                ringtones={"internal": data.ringtones.internal, "external": data.ringtones.external},
            ),
        )


def _is_away(until: int | None, moment: datetime) -> bool:
    if until is None:
        return False
    try:
        return from_gregorian(until) > moment
    except ValueError:
        return False
