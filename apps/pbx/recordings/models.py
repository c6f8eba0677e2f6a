"""Recordings of calls, kept by the month they began in, in UTC. The sound is a stored file."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from apps.foundation.accounts.scope import current_account_id, current_scope


class RecordingState(models.TextChoices):
    """`recording`: the switch writes it. `awaited`: it is complete, and on its way to us. `stored`: it is here."""

    RECORDING = "recording"
    AWAITED = "awaited"
    STORED = "stored"


class DeliveryState(models.TextChoices):
    """Of a copy for a customer's own address; empty where none is wanted. `failed` was given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class RecordingManager(models.Manager["Recording"]):
    """Recordings of the scope's account."""

    def get_queryset(self) -> models.QuerySet[Recording]:
        return super().get_queryset().filter(account_id=current_account_id())


class RecordingSchemaManager(models.Manager["Recording"]):
    """Recordings of every account in the scope's schema."""

    def get_queryset(self) -> models.QuerySet[Recording]:
        current_scope()
        return super().get_queryset()


class Recording(models.Model):
    """`call_id` is the recorded channel, `switch` its node; `origin` says in KAZOO's words why it was recorded.

    `wanted` is how it was asked for (see `wanting.Wanted`); `document` what the API shows besides. `milliseconds` and
    `content_type` are of the file, once it is stored.
    """

    id = models.CharField(primary_key=True, max_length=39)
    month = models.DateField()
    account_id = models.CharField(max_length=32)
    owner_id = models.CharField(max_length=32, blank=True)
    call_id = models.CharField(max_length=64)
    switch = models.CharField(max_length=64)
    interaction_id = models.CharField(max_length=64, blank=True)
    file_id = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=255, blank=True)
    origin = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=9, choices=RecordingState, default=RecordingState.RECORDING)
    started = models.DateTimeField()
    milliseconds = models.PositiveIntegerField(default=0)
    content_type = models.CharField(max_length=32, default="audio/wav")
    #: The sound is as it was asked for.
    is_finished = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1)
    delivery = models.CharField(max_length=9, choices=DeliveryState, blank=True)
    delivery_attempts = models.PositiveIntegerField(default=0)
    delivery_error = models.CharField(max_length=255, blank=True)
    wanted: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    document: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    monthly = True
    objects: ClassVar[RecordingManager] = RecordingManager()
    across_accounts: ClassVar[RecordingSchemaManager] = RecordingSchemaManager()

    class Meta:
        managed = False
        db_table = "call_recording"
        base_manager_name = "across_accounts"

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"
