from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.paging import MOST_PHONES, Audio, page
from apps.pbx.callflows.registry import Branch, Verb, VerbData
from apps.pbx.endpoints.auto_answer import AUTO_ANSWER, phones_among
from apps.pbx.endpoints.legs import Asking, Member
from apps.pbx.endpoints.queries import expand_groups, resolve
from apps.switching.calls.dial_string import Leg
from apps.switching.calls.port import Call


class PageEndpoint(Shape):
    id: str = Field(min_length=1, max_length=128, description="The device, user or group to speak to.")
    endpoint_type: Literal["device", "user", "group"] = Field(description="What the id names.")
    delay: int = Field(0, ge=0, le=3600, description="Seconds to wait before it is called.")
    timeout: int = Field(20, ge=0, le=3600, description="Seconds it may take, where that is less than for all.")
    weight: int = Field(20, ge=1, le=100, description="Heavier ones are called first.")


class PageGroupData(VerbData):
    name: str = Field("", max_length=128, description="A name for people.")
    endpoints: list[PageEndpoint] = Field(
        min_length=1,
        max_length=MOST_PHONES,
        description="Whom to speak to. Of groups with more phones than that, the heaviest are.",
    )
    audio: Audio = Field("one-way", description="Whether the phones are only spoken to, or heard as well.")
    barge_calls: bool = Field(False, description="Speak also to phones that have a call.")
    timeout: int = Field(5, ge=1, le=60, description="Seconds a phone may take to answer once it is called.")


class PageGroup(Verb[PageGroupData]):
    """Speak to several phones at once, which answer by themselves. It ends when the caller hangs up."""

    Data = PageGroupData
    children: ClassVar[dict[str, str]] = {
        "_": "there was no phone to speak to, or none answered",
        "NO_ANSWER": "no phone answered",
        "SUBSCRIBER_ABSENT": "there was no phone to speak to",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "name": "Warehouse",
            "audio": "one-way",
            "endpoints": [{"id": "0123456789abcdef0123456789abcdef", "endpoint_type": "group"}],
        },
        {
            "audio": "two-way",
            "endpoints": [
                {"id": "0123456789abcdef0123456789abcdef", "endpoint_type": "device", "weight": 90},
                {"id": "fedcba9876543210fedcba9876543210", "endpoint_type": "user", "delay": 5, "timeout": 10},
            ],
            "barge_calls": True,
            "timeout": 15,
        },
    )

    async def run(self, call: Call, data: PageGroupData) -> Branch:
        legs = await in_account(call.account_id, _phones, members_of(data), _asking(call, data))
        return await page(call, legs, data.audio, data.timeout)


def members_of(data: PageGroupData) -> list[Member]:
    return [Member(one.id, one.endpoint_type, one.delay, one.timeout or None, one.weight) for one in data.endpoints]


def _asking(call: Call, data: PageGroupData) -> Asking:
    return Asking(
        authorizing_id=call.authorizing_id,
        owner_id=call.owner_id,
        dialled=call.destination,
        caller_id=call.caller_id,
        interaction_id=call.interaction_id,
        direct=False,
        skip_busy=not data.barge_calls,
        headers=AUTO_ANSWER,
    )


def _phones(members: list[Member], asking: Asking) -> list[Leg]:
    by_weight = sorted(expand_groups(members), key=lambda member: -member.weight)
    return phones_among(resolve(by_weight, asking).legs)
