"""Directories: callers find people by spelling their names on the keys."""

from __future__ import annotations

from django.db import models

from apps.foundation.documents.models import Document


class Directory(Document):
    """Who is in it: the users in `document["users"]`, and those whose own `directories` name it."""

    name = models.CharField(max_length=128)

    document_type = "directory"

    class Meta(Document.Meta):
        verbose_name_plural = "directories"
        indexes = [models.Index(fields=["account_id", "name"], name="directories_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def user_ids(self) -> list[str]:
        found: list[str] = self.document.get("users") or []
        return found
