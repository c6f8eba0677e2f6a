"""What a group's document looks like."""

from typing import Literal

from pydantic import Field

from apps.foundation.accounts.documents import MusicOnHold
from apps.foundation.documents.shape import Shape
from apps.pbx.endpoints.documents import Flags, Identifier


class GroupMember(Shape):
    type: Literal["user", "device", "group"] = Field(description="What the id names.")
    weight: int | None = Field(None, ge=1, le=100, description="Its place or chance among the members.")


class GroupDocument(Shape):
    """Users and devices under one name, for ring groups, paging and pick-up."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the group.")
    endpoints: dict[Identifier, GroupMember] = Field(
        description="The members by their id.",
        examples=[{"df9274b450ea6795cdb381055c3f9b45": {"type": "user", "weight": 1}}],
    )
    flags: Flags | None = Field(None, description="Marks set by other applications.")
    music_on_hold: MusicOnHold = Field(
        default_factory=MusicOnHold,
        description="Heard by callers of the group whom a member without music of his own puts on hold.",
    )
