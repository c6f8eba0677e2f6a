"""What a menu's document looks like."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.documents import Pattern
from apps.pbx.endpoints.documents import BlankIsAbsent, Flags

MediaReference = Annotated[str, Field(min_length=3, max_length=2048)]


class MenuMedia(Shape):
    """What is played: a media id, a tone, an http(s) URL; `true` for the system's own words, `false` for silence."""

    greeting: Annotated[bool | MediaReference | None, BlankIsAbsent] = Field(
        None, description="Played first, and again for each try."
    )
    invalid_media: bool | MediaReference = Field(True, description="Played for a wrong choice.")
    transfer_media: bool | MediaReference = Field(True, description="Played before an extension is rung.")
    exit_media: bool | MediaReference = Field(True, description="Played when no try is left.")


class MenuSettings(Shape):
    """How a menu behaves."""

    media: MenuMedia = Field(default_factory=MenuMedia, description="What the caller hears.")
    retries: int = Field(3, ge=1, le=10, description="How often the caller may try.")
    timeout: int = Field(10_000, ge=1, le=60_000, description="Time to wait for the first key. Milliseconds.")
    interdigit_timeout: int = Field(2_000, ge=1, le=10_000, description="Time to wait for each next key. Milliseconds.")
    max_extension_length: int = Field(4, ge=1, le=6, description="The most keys of a choice.")
    hunt: bool = Field(True, description="Whether callers may dial an extension.")
    hunt_allow: Annotated[Pattern | None, BlankIsAbsent] = Field(
        None, description="Only extensions that match this regular expression."
    )
    hunt_deny: Annotated[Pattern | None, BlankIsAbsent] = Field(
        None, description="Never extensions that match this regular expression."
    )
    record_pin: Annotated[str | None, BlankIsAbsent] = Field(
        None,
        min_length=3,
        max_length=6,
        pattern=r"^[0-9]+$",
        description="Keyed in to record another greeting by phone.",
        json_schema_extra={"format": "password"},
    )
    allow_record_from_offnet: bool = Field(False, description="Whether that can be done from outside the account.")
    suppress_media: bool = Field(False, description="Play nothing for a wrong choice.")


class MenuDocument(MenuSettings):
    """What a caller hears, and how he chooses by pressing keys."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the menu.")
    flags: Flags | None = Field(None, description="Marks set by other applications.")
