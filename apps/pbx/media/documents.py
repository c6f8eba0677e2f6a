"""What a medium's document looks like (crossbar's `media`); `playlist` is ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator

from apps.foundation.documents.shape import Shape
from apps.pbx.media.languages import DEFAULT_LANGUAGE, normal

MediaId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
LONGEST_TEXT = 4000


class SpokenText(Shape):
    text: str | None = Field(None, min_length=1, max_length=LONGEST_TEXT, description="The text that is spoken.")
    voice: str = Field(
        "female/en-US",
        max_length=64,
        pattern=r"^[A-Za-z0-9/_. -]+$",
        description="`female` or `male` and a language, or a voice of the engine's own.",
    )


class Playlist(Shape):
    media: list[MediaId] = Field(
        min_length=1, max_length=500, description="The ids of the media, in the order they are played."
    )
    shuffle: bool = Field(False, description="Play them in another order each time.")


class MediaDocument(Shape):
    """A sound of the account: an upload, a recording, a text that is spoken, or a playlist of other media."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the media.")
    description: str | None = Field(
        None, min_length=1, max_length=128, description="What it is, usually the original file's name."
    )
    language: str = Field(
        DEFAULT_LANGUAGE,
        max_length=35,
        pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$",
        description="The language of the sound or the text (RFC 5646).",
        examples=["en-us"],
    )
    media_source: Literal["upload", "recording", "tts", "playlist"] = Field(
        "upload", description="Where the sound comes from."
    )
    prompt_id: str | None = Field(
        None,
        min_length=1,
        max_length=128,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="The prompt it stands in for, in its language.",
        examples=["vm-enter_pass"],
    )
    streamable: bool = Field(True, description="Whether it may be streamed.")
    tts: SpokenText = Field(default_factory=SpokenText, description="What is spoken, and by whom.")
    playlist: Playlist | None = Field(None, description="What a playlist plays.")
    source_id: str | None = Field(
        None, min_length=32, max_length=32, description="What made it, where a call did: an id."
    )
    source_type: str | None = Field(
        None, max_length=64, description="What made it, where a call did: a callflow action."
    )

    @field_validator("language")
    @classmethod
    def _lower(cls, value: str) -> str:
        return normal(value)


EXAMPLE: dict[str, Any] = {"name": "Welcome", "media_source": "tts", "tts": {"text": "Welcome to the bakery."}}
