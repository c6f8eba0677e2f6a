from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.modules.ring_group import Ringtones
from apps.pbx.callflows.registry import Branch, Verb, VerbData
from apps.pbx.callflows.ringing import BRIDGE_CHILDREN, STRATEGIES, Ring, Strategy, ring
from apps.pbx.endpoints.legs import Member
from apps.switching.calls.port import Call


class GroupData(VerbData):
    id: str = Field("", max_length=128, description="The group whose members ring.")
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


class RingGroupDocument(Verb[GroupData]):
    """Ring the members of a group."""

    Data = GroupData
    children = BRIDGE_CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"id": "0123456789abcdef0123456789abcdef", "timeout": 15},)

    async def run(self, call: Call, data: GroupData) -> Branch:
        return await ring(
            call,
            Ring(
                (Member(data.id, "group"),),
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
