"""Media: sounds of an account. An upload, a recording, a text to be spoken, or a playlist of other media.

A medium with a `prompt_id` stands in for that prompt of the catalogue, in its language, for the account.
"""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from apps.foundation.documents.models import Document

#: What the system says of a medium; a client that sends it back changes nothing.
DERIVED = ("content_type", "content_length", "duration", "is_prompt")


class Media(Document):
    """The files are stored ones: `original_id` as it was uploaded, `narrow_id` and `wide_id` made of it for the switch
    (8 and 16 kHz). All empty before the first upload, and for texts and playlists."""

    name = models.CharField(max_length=128)
    language = models.CharField(max_length=35, default="en-us")
    media_source = models.CharField(max_length=16, default="upload")
    prompt_id = models.CharField(max_length=128, blank=True, default="")
    original_id = models.CharField(max_length=32, blank=True, default="", editable=False)
    narrow_id = models.CharField(max_length=32, blank=True, default="", editable=False)
    wide_id = models.CharField(max_length=32, blank=True, default="", editable=False)
    content_type = models.CharField(max_length=127, blank=True, default="", editable=False)
    content_length = models.BigIntegerField(default=0, editable=False)
    milliseconds = models.PositiveIntegerField(default=0, editable=False)

    document_columns = ("name", "language", "media_source", "prompt_id")
    document_type = "media"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="media_name")]
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "prompt_id", "language"],
                condition=models.Q(deleted=None) & ~models.Q(prompt_id=""),
                name="media_prompt",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def to_document(self) -> dict[str, Any]:
        """`content_type` and `content_length` (bytes) are of the original, `duration` is in seconds."""
        document = super().to_document() | {"is_prompt": bool(self.prompt_id)}
        if not self.prompt_id:
            del document["prompt_id"]
        if self.original_id:
            document["content_type"] = self.content_type
            document["content_length"] = self.content_length
            document["duration"] = self.milliseconds / 1000
        return document

    def apply_document(self, document: dict[str, Any]) -> Self:
        return super().apply_document({key: value for key, value in document.items() if key not in DERIVED})

    @property
    def tts(self) -> dict[str, Any]:
        """`{"text", "voice"}` of a medium that is spoken."""
        found: dict[str, Any] = self.document.get("tts") or {}
        return found

    @property
    def playlist(self) -> dict[str, Any]:
        """`{"media", "shuffle"}` of a playlist."""
        found: dict[str, Any] = self.document.get("playlist") or {}
        return found
