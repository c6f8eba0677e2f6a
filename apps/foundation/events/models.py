"""The outbox: what is to be told or begun once a transaction has committed, kept until it was handed over.

A row is written with what it follows from, in one transaction, and deleted as soon as it was handed over: the table
holds what is on its way now, and what could not be handed over yet.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.expressions import RawSQL

from apps.foundation.kit.clock import now


class Kind(models.TextChoices):
    EVENT = "event"
    TASK = "task"


class OutboxEntry(models.Model):
    """`uid` is the event's id, or the task's, and stays the same however often it is handed over. `name` is the event's
    class or the task. `content` is the event as it is told, or `{"arguments": […], "named": {…}}` of the task.
    `transaction_id` is PostgreSQL's (pg_current_xact_id). Nobody but who wrote a row hands it over before it is `due`.
    """

    sequence = models.BigAutoField(primary_key=True)
    uid = models.CharField(max_length=32)
    kind = models.CharField(max_length=5, choices=Kind)
    account_id = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=128)
    content: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    transaction_id = models.BigIntegerField(db_default=RawSQL("(pg_current_xact_id()::text::bigint)", ()))
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField(default=now)
    due = models.DateTimeField(default=now, db_index=True)

    #: Rows go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        ordering = ("sequence",)

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.uid})"


class Handled(models.Model):
    """Somebody (`reader`) has dealt with the event or task `uid`: when it comes again, there is nothing to do."""

    id = models.BigAutoField(primary_key=True)
    reader = models.CharField(max_length=64)
    uid = models.CharField(max_length=64)
    at = models.DateTimeField(default=now, db_index=True)

    volatile = True

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["uid", "reader"], name="events_handled_once")]

    def __str__(self) -> str:
        return f"{self.reader} has handled {self.uid}"
