"""Callflows: what happens with a call to some numbers. The tree is a document; its numbers are looked up by index."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.foundation.accounts.scope import current_account_id, current_scope
from apps.foundation.documents.models import AccountRow, Document, SchemaManager
from apps.foundation.kit.clock import now


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


class VersionManager(models.Manager["CallflowVersion"]):
    def get_queryset(self) -> models.QuerySet["CallflowVersion"]:
        return super().get_queryset().filter(account_id=current_account_id())


class CallflowVersion(AccountRow):
    """A callflow as it was published: `number` counts from 1. What is published last is what calls follow.

    `author` and `author_id` say who published it (a user's name, or how the caller was authenticated).
    """

    callflow_id = models.CharField(max_length=32)
    number = models.PositiveIntegerField()
    document: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    note = models.CharField(max_length=256, blank=True)
    author = models.CharField(max_length=128, blank=True)
    author_id = models.CharField(max_length=64, blank=True)
    created = models.DateTimeField(default=now)

    objects = VersionManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        base_manager_name = "across_accounts"
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=["callflow_id", "number"], name="callflows_version")]

    def __str__(self) -> str:
        return f"{self.callflow_id} version {self.number}"


class DraftManager(models.Manager["CallflowDraft"]):
    def get_queryset(self) -> models.QuerySet["CallflowDraft"]:
        return super().get_queryset().filter(account_id=current_account_id())


class CallflowDraft(AccountRow):
    """What somebody is working on: a whole document of one callflow, of no effect on calls before it is published.

    `based_on` is the version it began from; a draft may be unfinished, it is checked when it is published.
    """

    callflow_id = models.CharField(max_length=32, db_index=True)
    name = models.CharField(max_length=128, blank=True)
    based_on = models.PositiveIntegerField(default=0)
    document: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    author = models.CharField(max_length=128, blank=True)
    created = models.DateTimeField(default=now)
    modified = models.DateTimeField(default=now)

    objects = DraftManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        base_manager_name = "across_accounts"
        ordering = ("created", "id")

    def __str__(self) -> str:
        return self.name or self.id


class TraceManager(models.Manager["CallTrace"]):
    """Traces of the scope's account."""

    def get_queryset(self) -> models.QuerySet["CallTrace"]:
        return super().get_queryset().filter(account_id=current_account_id())


class TraceSchemaManager(models.Manager["CallTrace"]):
    def get_queryset(self) -> models.QuerySet["CallTrace"]:
        current_scope()
        return super().get_queryset()


class CallTrace(models.Model):
    """The steps a call took through its callflows, and why. `ended` is empty while it goes on.

    `id` follows from the call's id, so that whoever writes it last (the call server, another that took the call over,
    the call record's intake) writes the same row. A step is `{"at", "callflow_id", "path", "module", "outcome",
    "wanted", "child"}`, `at` in Unix milliseconds. `variables` are what the flow has set on the channel, while the call
    goes on: what is left to be done at its end is among them.
    """

    id = models.CharField(primary_key=True, max_length=39)
    month = models.DateField()
    account_id = models.CharField(max_length=32)
    call_id = models.CharField(max_length=64)
    interaction_id = models.CharField(max_length=64, blank=True)
    callflow_id = models.CharField(max_length=32, blank=True)
    caller_id_number = models.CharField(max_length=64, blank=True)
    destination = models.CharField(max_length=128, blank=True)
    started = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)
    hangup_cause = models.CharField(max_length=64, blank=True)
    steps: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(default=list)
    variables: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict)

    monthly = True
    objects = TraceManager()
    across_accounts = TraceSchemaManager()

    class Meta:
        managed = False
        db_table = "call_trace"
        base_manager_name = "across_accounts"

    def __str__(self) -> str:
        return f"{self.caller_id_number} to {self.destination} ({self.call_id})"
