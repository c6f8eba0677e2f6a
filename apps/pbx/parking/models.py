"""Parked calls: who waits in which slot of an account."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.documents.models import AccountRow, SchemaManager
from apps.foundation.kit.clock import now


class ParkedManager(models.Manager["ParkedCall"]):
    def get_queryset(self) -> models.QuerySet[ParkedCall]:
        return super().get_queryset().filter(account_id=current_account_id())


class ParkedCall(AccountRow):
    """`call_id` is the channel that waits; empty for a moment while the phone that asked for the slot sends its caller
    there (an attended transfer). `parker_id` is the device that parked it, `asks` whether it is that device's own leg
    that waits: it has heard the slot's number and is about to transfer.
    """

    slot = models.CharField(max_length=16)
    call_id = models.CharField(max_length=64, blank=True, db_index=True)
    switch = models.CharField(max_length=64, blank=True)
    caller_id_name = models.CharField(max_length=128, blank=True)
    caller_id_number = models.CharField(max_length=64, blank=True)
    parker_id = models.CharField(max_length=32, blank=True, db_index=True)
    asks = models.BooleanField(default=False)
    presence_id = models.CharField(max_length=128, blank=True)
    since = models.DateTimeField(default=now)

    #: Rows come and go by themselves: not compared when an account is moved.
    volatile = True
    objects = ParkedManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        base_manager_name = "across_accounts"
        ordering = ("since",)
        constraints = [models.UniqueConstraint(fields=["account_id", "slot"], name="parking_slot")]

    def __str__(self) -> str:
        return f"{self.caller_id_number} in {self.slot}"
