"""Files of an account: uploads, recordings, messages, greetings, rendered speech.

The row says what a file is; its bytes lie in the storage called `files` (`STORAGES`), below the account's id. So an
account that moves to another schema takes its rows along, and nothing moves on the disk.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.documents.models import AccountRow, SchemaManager
from apps.foundation.kit.clock import now


class FileKind(models.TextChoices):
    """Which part of the system a file belongs to."""

    MEDIA = "media"
    VOICEMAIL = "voicemail"
    RECORDING = "recording"
    GREETING = "greeting"
    PROMPT = "prompt"
    FAX = "fax"


class FileState(models.TextChoices):
    """`failed` files are still awaited: they are tried again."""

    AWAITED = "awaited"
    STORED = "stored"
    FAILED = "failed"


class FileManager(models.Manager[Any]):
    """Files of the scope's account."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(account_id=current_account_id())


class StoredFile(AccountRow):
    """`name` is what people call it, `path` its place in the storage. `size` in bytes and `sha256` in hex digits are of
    what was written, empty until then. `attempts` and `error` tell of a file that could not be fetched yet."""

    kind = models.CharField(max_length=16, choices=FileKind)
    name = models.CharField(max_length=255, blank=True)
    content_type = models.CharField(max_length=127)
    path = models.CharField(max_length=255)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=FileState, default=FileState.STORED)
    error = models.CharField(max_length=255, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(default=now)

    objects: ClassVar[FileManager] = FileManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        base_manager_name = "across_accounts"
        indexes = [
            models.Index(fields=["account_id", "kind", "created"], name="storage_kind"),
            models.Index(fields=["account_id"], name="storage_missing", condition=~models.Q(state="stored")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.id})"
