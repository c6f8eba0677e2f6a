"""Files of an account: uploads, recordings, messages, greetings, rendered speech.

The row says what a file is; its bytes lie in the storage called `files` (`STORAGES`), below the account's id, until
they are where the account's storage plan wants them. So an account that moves to another schema takes its rows along,
and nothing moves on the disk.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.documents.models import AccountRow, RowManager, SchemaManager
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import monthly_id


class FileKind(models.TextChoices):
    """Which part of the system a file belongs to."""

    MEDIA = "media"
    VOICEMAIL = "voicemail"
    RECORDING = "recording"
    GREETING = "greeting"
    PROMPT = "prompt"
    FAX = "fax"
    CDR = "cdr"
    EXPORT = "export"


class FileState(models.TextChoices):
    """`failed` files are still awaited: they are tried again."""

    AWAITED = "awaited"
    STORED = "stored"
    FAILED = "failed"


class FileManager(models.Manager[Any]):
    """Files of the scope's account that are not deleted."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(account_id=current_account_id(), deleted=None)


class StoredFile(AccountRow):
    """`name` is what people call it, `path` its place in the storage. `size` in bytes and `sha256` in hex digits are of
    what was written, empty until then. `attempts` and `error` tell of a file that could not be fetched yet.

    `handler_id` is the storage that has the bytes, and `place` where they are there; empty: they are here. `deleted` is
    when a file was deleted that a legal hold keeps: nobody is given it, and it goes when the hold is lifted."""

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
    handler_id = models.CharField(max_length=32, blank=True)
    place = models.TextField(blank=True)
    deleted = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[FileManager] = FileManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        base_manager_name = "across_accounts"
        indexes = [
            models.Index(fields=["account_id", "kind", "created"], name="storage_kind"),
            models.Index(fields=["account_id"], name="storage_missing", condition=~models.Q(state="stored")),
            models.Index(fields=["account_id", "handler_id"], name="storage_handler"),
            models.Index(fields=["deleted"], name="storage_held", condition=~models.Q(deleted=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.id})"


def _error_id() -> str:
    return monthly_id(now())


class AttachmentError(AccountRow):
    """A file that a storage would not take: one row per file and storage, until a while after it is there.

    `path` is where it was to go, `status` the storage's HTTP status, `body` what it said; `attempts` counts the tries,
    `modified` is the last one, `resolved` when it was taken after all.
    """

    id = models.CharField(primary_key=True, max_length=39, default=_error_id, editable=False)
    file_id = models.CharField(max_length=39)
    handler_id = models.CharField(max_length=32)
    handler_key = models.CharField(max_length=64)
    handler_kind = models.CharField(max_length=32)
    kind = models.CharField(max_length=16)
    attachment_name = models.CharField(max_length=255)
    path = models.CharField(max_length=1024)
    status = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=255)
    body = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=now)
    modified = models.DateTimeField(default=now)
    resolved = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RowManager] = RowManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        base_manager_name = "across_accounts"
        constraints = [models.UniqueConstraint(fields=["file_id", "handler_id"], name="storage_error_of_file")]
        indexes = [models.Index(fields=["account_id", "created"], name="storage_errors")]

    def __str__(self) -> str:
        return f"{self.attachment_name}: {self.reason}"


class StorageMove(AccountRow):
    """Files brought to where the plan wants them now. `total` is how many there were; those that are left are rows of
    `AwaitedCopy` with its id. `kinds` empty: all."""

    kinds: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(default=now)
    stopped = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RowManager] = RowManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        base_manager_name = "across_accounts"

    def __str__(self) -> str:
        return f"move of {self.total} files"
