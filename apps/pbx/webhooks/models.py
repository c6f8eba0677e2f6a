"""Webhooks, what is to be sent to them, and what became of each attempt.

They are shared tables: a webhook may tell of the accounts below its own, which may live in other schemas, and whoever
publishes an event asks in one query whether anybody wants it. A delivery is written in the transaction that notes that
its event has been dealt with, and stays until it is forgotten: the table is the queue, and the log to replay from.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models

from apps.foundation.documents.models import AccountRow, Document, RowManager
from apps.foundation.kit.clock import now, to_gregorian
from apps.foundation.kit.ids import new_id
from apps.foundation.kit.secrets import decrypt, encrypt

#: The longest texts of an answer that are kept. Characters.
KEPT_BODY, KEPT_REASON = 2048, 255


class Webhook(Document):
    """`hook` is the event it waits for. `failures` counts the failed attempts since the last that succeeded, the first
    of them at `failing_since`; nothing is sent before `resting_until`. `paused` is when the system switched it off,
    `disable_reason` why; its events are kept meanwhile. The `old_secret` signs beside the new one until it expires."""

    name = models.CharField(max_length=128)
    uri = models.CharField(max_length=2048)
    hook = models.CharField(max_length=64)
    enabled = models.BooleanField(default=True)
    include_subaccounts = models.BooleanField(default=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    resting_until = models.DateTimeField(null=True, blank=True, editable=False)
    paused = models.DateTimeField(null=True, blank=True, editable=False)
    disable_reason = models.CharField(max_length=255, blank=True, default="", editable=False)
    secret_encrypted = models.TextField(blank=True, default="", editable=False)
    old_secret_encrypted = models.TextField(blank=True, default="", editable=False)
    old_secret_expires = models.DateTimeField(null=True, blank=True, editable=False)

    #: For the sender, which works for all accounts at once.
    everywhere: ClassVar[models.Manager[Webhook]] = models.Manager()
    document_columns: ClassVar[tuple[str, ...]] = ("name", "uri", "hook", "enabled", "include_subaccounts")
    document_type = "webhook"
    #: What a document says and nobody may: bookkeeping, and the secret, which is shown once.
    READ_ONLY: ClassVar[tuple[str, ...]] = ("disable_reason", "secret")

    class Meta(Document.Meta):
        default_manager_name = "objects"
        indexes = [models.Index(fields=["account_id", "name"], name="webhooks_names")]

    def __str__(self) -> str:
        return self.name

    def to_document(self) -> dict[str, Any]:
        more = {"disable_reason": self.disable_reason} if self.disable_reason else {}
        return super().to_document() | more

    def apply_document(self, document: dict[str, Any]) -> Self:
        return super().apply_document({name: value for name, value in document.items() if name not in self.READ_ONLY})

    def set_secret(self, secret: str, *, old_until: datetime | None = None) -> None:
        """Sign with `secret` from now on, and until `old_until` with the one before as well."""
        self.old_secret_encrypted = self.secret_encrypted if old_until else ""
        self.old_secret_expires = old_until
        self.secret_encrypted = encrypt(secret)

    def secrets(self) -> list[str]:
        """What is signed with now, the newest first. Raises SecretUnreadable."""
        valid = [self.secret_encrypted] if self.secret_encrypted else []
        if self.old_secret_encrypted and self.old_secret_expires and self.old_secret_expires > now():
            valid.append(self.old_secret_encrypted)
        return [decrypt(one) for one in valid]


class State(models.TextChoices):
    """`waiting` for its time, `sending` now, `delivered`, or `failed`: given up until somebody replays it."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


OPEN = (State.WAITING, State.SENDING)


class Delivery(AccountRow):
    """One event for one webhook; `uid` is the `webhook-id` its receiver sees, the same with every attempt.

    `account_id` is the webhook's account. `lane` is what shares a limit of deliveries at once: the webhook, or all
    steps `webhook` of an account's callflows, whose `target` says where to and how. `due` is the next attempt or, while
    it is being sent, when that is taken for lost. `tries` counts since trying began, `rounds` the longer pauses.
    """

    uid = models.CharField(max_length=80, unique=True)
    lane = models.CharField(max_length=48)
    hook_id = models.CharField(max_length=32, blank=True)
    hook = models.CharField(max_length=64)
    payload: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    target: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    created = models.DateTimeField(default=now)
    #: When trying began: `created`, or the last replay.
    began = models.DateTimeField(default=now)
    due = models.DateTimeField(default=now)
    attempts = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    rounds = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[RowManager] = RowManager()
    everywhere: ClassVar[models.Manager[Delivery]] = models.Manager()
    #: Rows come and go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        base_manager_name = "everywhere"
        default_manager_name = "objects"
        indexes = [
            models.Index(fields=["lane", "due"], condition=models.Q(state__in=OPEN), name="webhooks_open"),
            models.Index(fields=["hook_id", "state", "created"], name="webhooks_of_hook"),
            models.Index(fields=["created"], name="webhooks_delivery_created"),
        ]

    def __str__(self) -> str:
        return f"{self.hook} for {self.lane}: {self.state}"


class Attempt(AccountRow):
    """One request and how it went. `response_code` is null, and `client_error` says why, where nobody answered."""

    delivery_id = models.CharField(max_length=32, db_index=True)
    uid = models.CharField(max_length=80)
    hook_id = models.CharField(max_length=32, blank=True)
    hook = models.CharField(max_length=64)
    uri = models.CharField(max_length=2048)
    created = models.DateTimeField(default=now)
    succeeded = models.BooleanField()
    response_code = models.PositiveSmallIntegerField(null=True)
    response_body = models.TextField(blank=True)
    client_error = models.CharField(max_length=KEPT_REASON, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)
    retries_left = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[RowManager] = RowManager()
    everywhere: ClassVar[models.Manager[Attempt]] = models.Manager()
    volatile = True

    class Meta:
        base_manager_name = "everywhere"
        default_manager_name = "objects"
        indexes = [
            models.Index(fields=["account_id", "created"], name="webhooks_attempts"),
            models.Index(fields=["hook_id", "created"], name="webhooks_attempts_hook"),
            models.Index(fields=["created"], name="webhooks_attempt_created"),
        ]

    def __str__(self) -> str:
        return f"{self.uid}: {self.response_code or self.client_error}"

    def to_document(self) -> dict[str, Any]:
        """With KAZOO's names; `webhook_id` is the header the receiver saw."""
        told = {
            "id": self.id,
            "hook_id": self.hook_id or "callflow",
            "webhook_id": self.uid,
            "hook_event": self.hook,
            "uri": self.uri,
            "timestamp": to_gregorian(self.created),
            "result": "success" if self.succeeded else "failure",
            "response_code": str(self.response_code) if self.response_code else "",
            "response_body": self.response_body,
            "client_error": self.client_error,
            "reason": self._reason(),
            "duration_ms": self.milliseconds,
        }
        found = {name: value for name, value in told.items() if value != ""}
        return found if self.succeeded else found | {"retries left": self.retries_left}

    def _reason(self) -> str:
        if self.succeeded:
            return ""
        return "no answer" if self.response_code is None else "bad response code"


def new_delivery(account_id: str, uid: str, lane: str, hook: str, payload: dict[str, Any], **more: Any) -> Delivery:
    """One that is due now; not saved."""
    return Delivery(id=new_id(), account_id=account_id, uid=uid, lane=lane, hook=hook, payload=payload, **more)
