"""Storage documents, storage plans, and the handlers they name.

They are shared tables: an account's files go where an account above says, and its rows are in another schema.

A handler is a row of its own and outlives what the documents say: files were written with it, and are read, moved and
removed with it. Where a document changes the place (another bucket, another host), the row is retired and a new one
made; where it changes a credential, the row is changed.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import models

from apps.foundation.documents.models import Document
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.foundation.kit.secrets import decrypt, encrypt
from apps.foundation.storage_plans.documents import MASK


class StorageSettings(Document):
    """The one storage document of an account; its id is the account's."""

    document_columns = ()
    document_type = "storage"

    class Meta(Document.Meta):
        pass

    def __str__(self) -> str:
        return self.id

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.id = self.account_id
        super().save(*args, **kwargs)

    def to_document(self) -> dict[str, Any]:
        return masked(super().to_document(), self.id)


class StoragePlan(Document):
    """A storage document with a name, for several accounts."""

    name = models.CharField(max_length=128)

    document_type = "storage_plan"

    class Meta(Document.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    def to_document(self) -> dict[str, Any]:
        return masked(super().to_document(), self.id)


class StorageHandler(models.Model):
    """`source_id` is the document that names it `key`; `retired` since when it does no more. `settings` are the public
    ones; the others are encrypted."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    account_id = models.CharField(max_length=32, db_index=True)
    source_id = models.CharField(max_length=32)
    key = models.CharField(max_length=64)
    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=128, blank=True)
    shared = models.BooleanField(default=False)
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    secrets_encrypted = models.TextField(blank=True)
    created = models.DateTimeField(default=now)
    retired = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_id", "key"], name="storage_handler_key", condition=models.Q(retired=None)
            )
        ]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.key}"

    @property
    def secrets(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(decrypt(self.secrets_encrypted)) if self.secrets_encrypted else {}
        return found

    @secrets.setter
    def secrets(self, values: dict[str, Any]) -> None:
        self.secrets_encrypted = encrypt(json.dumps(values)) if values else ""

    @property
    def all_settings(self) -> dict[str, Any]:
        return self.settings | self.secrets


class AwaitedCopy(models.Model):
    """A stored file, of the same id, that is not where its account's plan wants it. `next_try` is when somebody may try
    (again); whoever does moves it first. `move_id` is the move it belongs to."""

    id = models.CharField(primary_key=True, max_length=39)
    account_id = models.CharField(max_length=32, db_index=True)
    move_id = models.CharField(max_length=32, blank=True, db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField(default=now)
    next_try = models.DateTimeField(default=now, db_index=True)

    #: Rows go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        ordering = ("created", "id")

    def __str__(self) -> str:
        return f"copy of {self.id}"


class AwaitedRemoval(models.Model):
    """What lies at a storage and is in no stored file's row any more."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    account_id = models.CharField(max_length=32, db_index=True)
    handler_id = models.CharField(max_length=32)
    place = models.TextField()
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField(default=now)
    next_try = models.DateTimeField(default=now, db_index=True)

    volatile = True

    class Meta:
        ordering = ("created", "id")

    def __str__(self) -> str:
        return f"removal of {self.place}"


def masked(document: dict[str, Any], source_id: str) -> dict[str, Any]:
    """The document with a mask in the place of each secret that is kept."""
    attachments = document.get("attachments")
    if not attachments:
        return document
    rows = StorageHandler.objects.filter(source_id=source_id, retired=None)
    kept = {row.key: dict.fromkeys(row.secrets, MASK) for row in rows}
    shown = {
        key: handler | {"settings": handler.get("settings", {}) | kept.get(key, {})}
        for key, handler in attachments.items()
    }
    return document | {"attachments": shown}
