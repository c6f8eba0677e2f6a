"""What was asked of customers' servers, and what they answered, where a flow's `debug` wants it kept."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from apps.foundation.documents.models import AccountRow, RowManager, SchemaManager
from apps.foundation.kit.clock import now


class PivotExchange(AccountRow):
    """One request and its answer. `iteration` counts those of a call from 1; `status_code` is null and `error` says why
    where there was no answer. `schema_errors` are what is wrong with a flow that came."""

    call_id = models.CharField(max_length=64, db_index=True)
    iteration = models.PositiveIntegerField()
    created = models.DateTimeField(default=now, db_index=True)
    node = models.CharField(max_length=255, blank=True)
    method = models.CharField(max_length=8)
    uri = models.CharField(max_length=8192)
    req_body = models.TextField(blank=True)
    status_code = models.PositiveIntegerField(null=True)
    resp_headers: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    resp_body = models.TextField(blank=True)
    error = models.CharField(max_length=512, blank=True)
    schema_errors: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    objects: ClassVar[RowManager] = RowManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        base_manager_name = "across_accounts"
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.method} {self.uri} -> {self.status_code or self.error}"
