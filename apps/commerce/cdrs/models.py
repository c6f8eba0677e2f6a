"""A call record is what is known about one finished leg. Kept by the month the leg began, in UTC."""

from typing import Any

from django.db import models

from apps.foundation.accounts.scope import current_account_id, current_scope


class CallRecordManager(models.Manager["CallRecord"]):
    """Records of the scope's account."""

    def get_queryset(self) -> models.QuerySet["CallRecord"]:
        return super().get_queryset().filter(account_id=current_account_id())


class CallRecordSchemaManager(models.Manager["CallRecord"]):
    """Records of every account in the scope's schema: for intake and subtree reports."""

    def get_queryset(self) -> models.QuerySet["CallRecord"]:
        current_scope()
        return super().get_queryset()


class CallRecord(models.Model):
    """`id` follows from the switch and the leg's uuid, so that a record handed in twice is one row.

    Durations are whole seconds: `ringing_seconds` until the answer (or the end), `billing_seconds` after it,
    `duration_seconds` all of it. `hangup_code` is the SIP status as crossbar writes it (`sip:486`).
    """

    id = models.CharField(primary_key=True, max_length=39)
    month = models.DateField()
    account_id = models.CharField(max_length=32)
    call_id = models.CharField(max_length=64)
    other_leg_call_id = models.CharField(max_length=64, blank=True)
    interaction_id = models.CharField(max_length=64, blank=True)
    switch = models.CharField(max_length=64)
    direction = models.CharField(max_length=8)
    call_kind = models.CharField(max_length=16, blank=True)
    caller_id_name = models.CharField(max_length=128, blank=True)
    caller_id_number = models.CharField(max_length=64, blank=True)
    callee_id_name = models.CharField(max_length=128, blank=True)
    callee_id_number = models.CharField(max_length=64, blank=True)
    dialed_number = models.CharField(max_length=128, blank=True)
    from_uri = models.CharField(max_length=255, blank=True)
    to_uri = models.CharField(max_length=255, blank=True)
    request_uri = models.CharField(max_length=255, blank=True)
    authorizing_id = models.CharField(max_length=32, blank=True)
    authorizing_type = models.CharField(max_length=32, blank=True)
    owner_id = models.CharField(max_length=32, blank=True)
    callflow_id = models.CharField(max_length=32, blank=True)
    hangup_cause = models.CharField(max_length=64, blank=True)
    hangup_code = models.CharField(max_length=16, blank=True)
    started = models.DateTimeField()
    answered = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField()
    duration_seconds = models.PositiveIntegerField(default=0)
    ringing_seconds = models.PositiveIntegerField(default=0)
    billing_seconds = models.PositiveIntegerField(default=0)
    #: What has no column: user agent, media, recording ids, custom channel variables.
    document: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)

    monthly = True
    objects = CallRecordManager()
    across_accounts = CallRecordSchemaManager()

    class Meta:
        managed = False
        db_table = "call_record"
        base_manager_name = "across_accounts"

    def __str__(self) -> str:
        return f"{self.caller_id_number} to {self.dialed_number} ({self.call_id})"
