"""Phones that are to be called back when somebody is free."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.foundation.kit.clock import now


class Camp(models.Model):
    """`device_id` waits for the devices and users in `wanted`, and dials `number` when they are free.

    Shared, so that one query finds all that wait.
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.CharField(max_length=32, db_index=True)
    device_id = models.CharField(max_length=32)
    extension = models.CharField(max_length=64)
    number = models.CharField(max_length=64)
    wanted: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=32), default=list)
    created = models.DateTimeField(default=now)
    expires = models.DateTimeField(db_index=True)

    #: Rows go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        ordering = ("created", "id")
        constraints = [
            models.UniqueConstraint(fields=["account_id", "device_id", "extension"], name="camping_once"),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} waits for {self.extension}"
