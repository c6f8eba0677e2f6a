from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.paging import Audio, page
from apps.pbx.callflows.registry import Branch, Verb, VerbData
from apps.pbx.endpoints.auto_answer import AUTO_ANSWER, phones_among
from apps.pbx.endpoints.legs import Asking, Member
from apps.pbx.endpoints.queries import resolve
from apps.switching.calls.dial_string import Leg
from apps.switching.calls.port import Call


class PageEndpoint(Shape):
    id: str = Field(min_length=1, max_length=128, description="The device, user or group to speak to.")
    endpoint_type: Literal["device", "user", "group"] = Field(description="What the id names.")


class PageGroupData(VerbData):
    name: str = Field("", max_length=128, description="A name for people.")
    endpoints: list[PageEndpoint] = Field(min_length=1, max_length=5000, description="Whom to speak to.")
    audio: Audio = Field("one-way", description="Whether the phones are only spoken to, or heard as well.")
    barge_calls: bool = Field(False, description="Speak also to phones that have a call.")
    timeout: int = Field(5, ge=1, le=60, description="Seconds a phone may take to answer.")


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
    )

    async def run(self, call: Call, data: PageGroupData) -> Branch:
        members = [Member(one.id, one.endpoint_type) for one in data.endpoints]
        legs = await in_account(call.account_id, _phones, members, _asking(call, data))
        return await page(call, legs, data.audio, data.timeout)


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
    return phones_among(resolve(members, asking).legs)
