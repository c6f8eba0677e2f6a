"""What a ring group's document looks like, and the callflow it stands for."""

from typing import Annotated, Any, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.documents import Number
from apps.pbx.callflows.ringing import STRATEGIES, Strategy
from apps.pbx.endpoints.documents import BlankIsAbsent, Flags, Identifier

#: The switch is given one leg per device; a group of more people than this is a mistake.
MOST_MEMBERS = 1000


class RingGroupMember(Shape):
    id: Identifier = Field(description="The id of the device, user or group.")
    type: Literal["device", "user", "group"] = Field(description="What the id names.")
    delay: int = Field(0, ge=0, le=300, description="How long to wait before ringing this member. Seconds.")
    timeout: int = Field(20, ge=1, le=300, description="How long to ring this member. Seconds.")
    weight: int | None = Field(None, ge=1, le=100, description="Its chance with `weighted_random`.")
    disable_until: int | None = Field(
        None, ge=0, description="Not rung before this time, in Gregorian seconds: set where a member leaves the group."
    )


class RingGroupDocument(Shape):
    """Numbers that ring several people. Its callflow is made, changed and deleted with it."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the ring group.")
    numbers: list[Number] = Field(
        min_length=1, max_length=100, description="Extensions and phone numbers that ring it.", examples=[["8001"]]
    )
    members: list[RingGroupMember] = Field(
        min_length=1, max_length=MOST_MEMBERS, description="Who rings, in this order with `single`."
    )
    strategy: Strategy = Field("simultaneous", description=STRATEGIES)
    skip_busy: bool = Field(False, description="Pass over members who have a call.")
    timeout: int = Field(20, ge=1, le=3600, description="How long one round rings. Seconds.")
    repeats: int = Field(1, ge=1, le=100, description="How many rounds.")
    ringback: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=2048, description="What the caller hears: a media id or a tone."
    )
    ignore_forward: bool = Field(True, description="Do not follow members' call forwarding.")
    fail_on_single_reject: bool = Field(False, description="End the round as soon as one member rejects.")
    flags: Flags | None = Field(None, description="Marks set by other applications.")


def flow_of(document: dict[str, Any]) -> dict[str, Any]:
    """The `ring_group` node of a validated document."""
    data = {
        key: document[key]
        for key in (
            "name",
            "strategy",
            "timeout",
            "repeats",
            "ringback",
            "ignore_forward",
            "fail_on_single_reject",
            "skip_busy",
        )
        if key in document
    }
    endpoints = [
        {"id": member["id"], "endpoint_type": member["type"]}
        | {key: member[key] for key in ("delay", "timeout", "weight", "disable_until") if key in member}
        for member in document["members"]
    ]
    return {"module": "ring_group", "data": data | {"endpoints": endpoints}, "children": {}}
