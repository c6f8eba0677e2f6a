"""Limits: how many calls an account may have at once. One document per account; without one nothing is limited."""

from typing import ClassVar

from django.db import models

from apps.foundation.documents.models import Document


class AccountLimits(Document):
    """An empty limit is no limit; 0 allows no call of its kind."""

    calls = models.PositiveIntegerField(null=True, blank=True)
    resource_consuming_calls = models.PositiveIntegerField(null=True, blank=True)
    inbound_trunks = models.PositiveIntegerField(null=True, blank=True)
    outbound_trunks = models.PositiveIntegerField(null=True, blank=True)
    twoway_trunks = models.PositiveIntegerField(null=True, blank=True)
    burst_trunks = models.PositiveIntegerField(null=True, blank=True)

    document_columns: ClassVar[tuple[str, ...]] = (
        "calls",
        "resource_consuming_calls",
        "inbound_trunks",
        "outbound_trunks",
        "twoway_trunks",
        "burst_trunks",
    )
    document_type = "limits"

    class Meta(Document.Meta):
        verbose_name_plural = "account limits"
        constraints = [
            models.UniqueConstraint(fields=["account_id"], condition=models.Q(deleted=None), name="limits_account")
        ]

    def __str__(self) -> str:
        return f"limits of {self.account_id}"
