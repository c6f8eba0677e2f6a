"""Who did what, when, to which document, and what changed. Kept in the reseller's schema, by month."""

from typing import Any

from django.db import models

from apps.foundation.accounts.scope import current_account_id, current_scope


class AuditManager(models.Manager["AuditEntry"]):
    def get_queryset(self) -> models.QuerySet["AuditEntry"]:
        return super().get_queryset().filter(account_id=current_account_id())


class AuditSchemaManager(models.Manager["AuditEntry"]):
    """Entries of every account in the scope's schema."""

    def get_queryset(self) -> models.QuerySet["AuditEntry"]:
        current_scope()
        return super().get_queryset()


class AuditEntry(models.Model):
    """`changes` maps a top-level field to `[before, after]`; secrets never appear in documents, so not here either."""

    id = models.CharField(primary_key=True, max_length=39)
    month = models.DateField()
    account_id = models.CharField(max_length=32)
    created = models.DateTimeField()
    actor_account_id = models.CharField(max_length=32)
    actor_user_id = models.CharField(max_length=32, blank=True)
    impersonator_user_id = models.CharField(max_length=32, blank=True)
    action = models.CharField(max_length=64)
    target_type = models.CharField(max_length=32)
    target_id = models.CharField(max_length=64)
    request_id = models.CharField(max_length=64, blank=True)
    changes: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)

    monthly = True
    objects = AuditManager()
    across_accounts = AuditSchemaManager()

    class Meta:
        managed = False
        db_table = "audit_entry"
        base_manager_name = "across_accounts"

    def __str__(self) -> str:
        return f"{self.action} {self.target_id}"
