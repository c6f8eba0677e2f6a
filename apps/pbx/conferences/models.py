"""Conferences: rooms in which several callers talk. Who is in one now is in `apps.switching.rooms`."""

from __future__ import annotations

from django.db import models

from apps.foundation.documents.models import Document


class Conference(Document):
    """`owner_id` is the user who may control it over the API."""

    name = models.CharField(max_length=128)
    owner_id = models.CharField(max_length=32, null=True, blank=True, db_index=True)  # noqa: DJ001 - absent is not ""

    document_type = "conference"
    document_columns = ("name", "owner_id")

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="conferences_name")]

    def __str__(self) -> str:
        return self.name
