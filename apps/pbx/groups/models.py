"""Groups: named sets of users and devices, used by ring groups, paging and pick-up."""

from typing import Any

from django.db import models

from apps.foundation.documents.models import Document


class Group(Document):
    """`document["endpoints"]` maps a user's, device's or group's id to `{"type", "weight"}`."""

    name = models.CharField(max_length=128)

    document_type = "group"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="groups_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def endpoints(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.document.get("endpoints") or {}
        return found
