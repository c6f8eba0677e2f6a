"""What a directory's document looks like."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from apps.foundation.documents.shape import Shape
from apps.pbx.endpoints.documents import Flags, Identifier

SearchFields = Literal["first_name", "last_name", "both"]


def _user_id(value: Any) -> Any:
    """Clients send back the `{user_id, callflow_id}` they read."""
    return value.get("user_id") if isinstance(value, dict) else value


UserId = Annotated[Identifier, BeforeValidator(_user_id)]


class DirectorySettings(Shape):
    """How callers look for somebody."""

    search_fields: SearchFields = Field("both", description="Which names the keys spell.")
    sort_by: Literal["first_name", "last_name"] = Field("last_name", description="The order of several results.")
    min_dtmf: int = Field(3, ge=1, le=20, description="The fewest keys to look with.")
    max_dtmf: int = Field(0, ge=0, le=20, description="The most keys; 0 for as many as are pressed.")
    confirm_match: bool = Field(True, description="Whether a caller confirms the only result before it is called.")


class DirectoryDocument(DirectorySettings):
    """People a caller finds by spelling their names on the keys."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the directory.")
    users: list[UserId] = Field(
        default_factory=list, max_length=5000,
        description="Ids of users in it, besides those whose own `directories` name it. Read back with the callflow a "
        "call goes to: `{user_id, callflow_id}`.",
    )  # fmt: skip
    flags: Flags | None = Field(None, description="Marks set by other applications.")
