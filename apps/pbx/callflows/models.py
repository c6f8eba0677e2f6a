"""Callflows: what happens with a call to some numbers. The tree is a document; its numbers are looked up by index."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.documents.models import AccountRow, Document, SchemaManager


class Callflow(Document):
    """`numbers` are E.164 numbers, extensions, words or `no_match`; `patterns` regular expressions over what was
    dialled.

    `flow` is the tree `{"module", "data", "children": {key: flow}}`. `type` and `owner_id` are a client's notes.
    """

    name = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001 - absent is not ""
    numbers: "ArrayField[list[str], list[str]]" = ArrayField(models.CharField(max_length=36), default=list, blank=True)
    patterns: "ArrayField[list[str], list[str]]" = ArrayField(
        models.CharField(max_length=256), default=list, blank=True
    )
    flow: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict, blank=True)
    type = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - absent is not ""
    owner_id = models.CharField(max_length=32, null=True, blank=True, db_index=True)  # noqa: DJ001 - absent is not ""

    document_columns: ClassVar[tuple[str, ...]] = ("name", "numbers", "patterns", "flow", "type", "owner_id")
    document_type = "callflow"

    class Meta(Document.Meta):
        indexes = [
            models.Index(fields=["account_id"], condition=~models.Q(patterns=[]), name="callflows_with_patterns"),
        ]

    def __str__(self) -> str:
        return self.name or ", ".join(self.numbers) or self.id


class NumberManager(models.Manager["CallflowNumber"]):
    def get_queryset(self) -> models.QuerySet["CallflowNumber"]:
        return super().get_queryset().filter(account_id=current_account_id())


class CallflowNumber(AccountRow):
    """Which callflow answers a number of its account: one row per number, written with the callflow.

    A table of its own, because every account has an extension 1001: one probe of this index finds the account's, and
    the constraint is what makes a number unique when two administrators save at once.
    """

    number = models.CharField(max_length=36)
    callflow_id = models.CharField(max_length=32, db_index=True)

    objects = NumberManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        base_manager_name = "across_accounts"
        constraints = [models.UniqueConstraint(fields=["account_id", "number"], name="callflows_number")]

    def __str__(self) -> str:
        return self.number
