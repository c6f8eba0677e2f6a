"""Menus: what a caller hears, and how he chooses by pressing keys."""

from __future__ import annotations

from django.db import models

from apps.foundation.documents.models import Document


class Menu(Document):
    """What follows each key is not here but in the callflow that plays the menu."""

    name = models.CharField(max_length=128)

    document_type = "menu"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="menus_name")]

    def __str__(self) -> str:
        return self.name
