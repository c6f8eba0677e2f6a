"""Wake-up calls, and what became of each."""

from __future__ import annotations

from datetime import date, time
from typing import Any, ClassVar, Self

from django.db import models

from apps.foundation.accounts.scope import current_account_id, current_scope
from apps.foundation.documents.models import Document
from apps.foundation.kit.clock import to_gregorian
from apps.foundation.kit.ids import month_of
from apps.pbx.wakeup_calls.calendar import Timing, numbers_of


class Result(models.TextChoices):
    """`planned` and `ringing` are on the way; `answered` is also who hung up without a key."""

    PLANNED = "planned"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    SNOOZED = "snoozed"
    UNANSWERED = "unanswered"
    FAILED = "failed"
    MISSED = "missed"


#: Fields of the document that the system alone writes.
READ_ONLY = ("next_call", "last_call", "last_result")


class WakeupCall(Document):
    """Whom to call, and when: `device_id` is rung, without one all phones of `owner_id`.

    `due` is the moment it is for, `act_at` when something is to be done next, None for never again: the phone is to be
    rung or, `is_ringing`, was not answered in time. `attempt` counts how often it was rung for `due`; `attempt_id` is
    the last time. `snoozes` counts how often it was put off since `due`.
    """

    name = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001 - absent is not ""
    device_id = models.CharField(max_length=32, null=True, blank=True, db_index=True)  # noqa: DJ001 - as above
    owner_id = models.CharField(max_length=32, null=True, blank=True, db_index=True)  # noqa: DJ001 - as above
    enabled = models.BooleanField(default=True)
    due = models.DateTimeField(null=True, blank=True, editable=False)
    act_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_ringing = models.BooleanField(default=False, editable=False)
    attempt = models.PositiveSmallIntegerField(default=0, editable=False)
    attempt_id = models.CharField(max_length=39, blank=True, default="", editable=False)
    snoozes = models.PositiveSmallIntegerField(default=0, editable=False)
    last_call = models.DateTimeField(null=True, blank=True, editable=False)
    last_result = models.CharField(max_length=16, blank=True, default="", editable=False)

    document_columns: ClassVar[tuple[str, ...]] = ("name", "device_id", "owner_id", "enabled")
    document_type = "wakeup_call"
    #: Columns that `act_at` and what belongs to it are kept in.
    STATE: ClassVar[tuple[str, ...]] = (
        "enabled", "due", "act_at", "is_ringing", "attempt", "attempt_id", "snoozes", "last_call", "last_result",
        "revision",
    )  # fmt: skip

    class Meta(Document.Meta):
        indexes = [
            models.Index(fields=["account_id", "created"], name="wakeup_calls_created"),
            # Of all that are set, only those whose time has come are looked at.
            models.Index(fields=["act_at"], condition=models.Q(act_at__isnull=False), name="wakeup_calls_act_at"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.document.get('time')} for {self.device_id or self.owner_id}"

    @property
    def timing(self) -> Timing:
        return timing_of(self.document)

    def number(self, field: str, otherwise: int) -> int:
        """A whole number of the document."""
        return int(self.document.get(field, otherwise))

    def to_document(self) -> dict[str, Any]:
        """With when it is next called and how it last went; both in Gregorian seconds."""
        following = self.due if self.is_ringing else self.act_at
        told = {
            "next_call": to_gregorian(following) if following is not None else None,
            "last_call": to_gregorian(self.last_call) if self.last_call is not None else None,
            "last_result": self.last_result or None,
        }
        return super().to_document() | {name: value for name, value in told.items() if value is not None}

    def apply_document(self, document: dict[str, Any]) -> Self:
        return super().apply_document({name: value for name, value in document.items() if name not in READ_ONLY})


class AttemptManager(models.Manager["WakeupAttempt"]):
    def get_queryset(self) -> models.QuerySet[WakeupAttempt]:
        return super().get_queryset().filter(account_id=current_account_id())


class AttemptSchemaManager(models.Manager["WakeupAttempt"]):
    """Attempts of every account in the scope's schema."""

    def get_queryset(self) -> models.QuerySet[WakeupAttempt]:
        current_scope()
        return super().get_queryset()


class WakeupAttempt(models.Model):
    """One ringing, or that there was none. `number` counts from 1 for each `due`; `reason` says more of a failure."""

    id = models.CharField(primary_key=True, max_length=39)
    month = models.DateField()
    account_id = models.CharField(max_length=32)
    wakeup_call_id = models.CharField(max_length=32)
    created = models.DateTimeField()
    due = models.DateTimeField()
    number = models.PositiveSmallIntegerField(default=1)
    result = models.CharField(max_length=16, choices=Result, default=Result.PLANNED)
    reason = models.CharField(max_length=128, blank=True)
    interaction_id = models.CharField(max_length=64, blank=True)

    monthly = True
    objects = AttemptManager()
    across_accounts = AttemptSchemaManager()

    class Meta:
        managed = False
        db_table = "wakeup_attempt"
        base_manager_name = "across_accounts"

    def __str__(self) -> str:
        return f"{self.wakeup_call_id} at {self.created}: {self.result}"

    def to_document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "timestamp": to_gregorian(self.created),
            "due": to_gregorian(self.due),
            "attempt": self.number,
            "result": self.result,
            "reason": self.reason or None,
            "interaction_id": self.interaction_id or None,
        }


def attempt_of(attempt_id: str) -> models.QuerySet[WakeupAttempt]:
    """That attempt of the scope's account: its partition alone is looked into."""
    month = month_of(attempt_id)
    if month is None:
        return WakeupAttempt.objects.none()
    return WakeupAttempt.objects.filter(id=attempt_id, month=month.date())


def timing_of(document: dict[str, Any]) -> Timing:
    """When a validated document is to be called."""
    day = document.get("date")
    return Timing(
        at=time.fromisoformat(str(document["time"])),
        day=date.fromisoformat(str(day)) if day else None,
        days=numbers_of(list(document.get("days") or ())),
    )
