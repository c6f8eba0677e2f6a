"""Mailboxes and the messages in them."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from apps.foundation.accounts.scope import current_account_id, current_scope
from apps.foundation.documents.models import Document
from apps.foundation.kit.clock import now, to_gregorian
from apps.foundation.kit.ids import month_of
from apps.foundation.kit.secrets import decrypt, encrypt


class Box(Document):
    """`mailbox` is the number people dial, unique in the account. The PIN is only here, encrypted; who may read the
    box reads it back (as in crossbar), the audit trail does not have it. `failed_pins` counts wrong ones in a row, over
    all calls, and `locked_until` is the end of the pause that follows too many."""

    name = models.CharField(max_length=128)
    mailbox = models.CharField(max_length=30)
    owner_id = models.CharField(max_length=32, null=True, blank=True, db_index=True)  # noqa: DJ001 - absent is not ""
    pin_encrypted = models.TextField(blank=True, default="", editable=False)
    failed_pins = models.PositiveIntegerField(default=0, editable=False)
    locked_until = models.DateTimeField(null=True, blank=True, editable=False)

    document_columns: ClassVar[tuple[str, ...]] = ("name", "mailbox", "owner_id")
    document_type = "vmbox"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="voicemail_box_name")]
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "mailbox"], condition=models.Q(deleted=None), name="voicemail_mailbox"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.mailbox})"

    def apply_document(self, document: dict[str, Any]) -> Self:
        """`pin` is encrypted and kept nowhere else; without one the box has none."""
        document = dict(document)
        pin = str(document.pop("pin", None) or "")
        if pin != self.pin:
            self.pin_encrypted = encrypt(pin) if pin else ""
        return super().apply_document(document)

    @property
    def pin(self) -> str:
        """In plain text; empty where there is none. Raises SecretUnreadable."""
        return decrypt(self.pin_encrypted) if self.pin_encrypted else ""

    def to_public(self) -> dict[str, Any]:
        """The document with its PIN, as administrators and the owner read it."""
        return self.to_document() | ({"pin": self.pin} if self.pin_encrypted else {})

    @property
    def is_locked(self) -> bool:
        return self.locked_until is not None and self.locked_until > now()


class Folder(models.TextChoices):
    """`deleted` messages can be brought back until they are removed for good."""

    NEW = "new"
    SAVED = "saved"
    DELETED = "deleted"


class MailState(models.TextChoices):
    """What became of the mail about a message. `none`: nobody is to be told."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    NONE = "none"


class MessageManager(models.Manager["Message"]):
    """Messages of the scope's account."""

    def get_queryset(self) -> models.QuerySet[Message]:
        return super().get_queryset().filter(account_id=current_account_id())


class MessageSchemaManager(models.Manager["Message"]):
    """Messages of every account in the scope's schema."""

    def get_queryset(self) -> models.QuerySet[Message]:
        current_scope()
        return super().get_queryset()


class Message(models.Model):
    """One message in one mailbox, kept by the month it was left in (UTC).

    `file_id` names the stored file of the recording, empty where there is none (yet); `introduction_id` that of what
    somebody who forwarded it said first. Copies of a message share them. `length` is in milliseconds. `history` is a
    list of `{"at": Gregorian seconds, "what": …}`.
    """

    id = models.CharField(primary_key=True, max_length=39)
    month = models.DateField()
    account_id = models.CharField(max_length=32)
    box_id = models.CharField(max_length=32)
    created = models.DateTimeField()
    folder = models.CharField(max_length=8, choices=Folder, default=Folder.NEW)
    urgent = models.BooleanField(default=False)
    caller_id_name = models.CharField(max_length=128, blank=True)
    caller_id_number = models.CharField(max_length=64, blank=True)
    from_uri = models.CharField(max_length=255, blank=True)
    to_uri = models.CharField(max_length=255, blank=True)
    call_id = models.CharField(max_length=64, blank=True)
    length = models.PositiveIntegerField(default=0)
    file_id = models.CharField(max_length=32, blank=True)
    introduction_id = models.CharField(max_length=32, blank=True)
    transcription: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    history: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    mail_state = models.CharField(max_length=8, choices=MailState, default=MailState.WAITING)
    mail_error = models.CharField(max_length=255, blank=True)

    monthly = True
    objects = MessageManager()
    across_accounts = MessageSchemaManager()

    class Meta:
        managed = False
        db_table = "voicemail_message"
        base_manager_name = "across_accounts"

    def __str__(self) -> str:
        return f"{self.caller_id_number} in {self.box_id} ({self.id})"

    def note(self, what: str) -> None:
        """Add a line to the history; the caller saves."""
        self.history = [*self.history, {"at": to_gregorian(now()), "what": what}][-50:]

    def to_document(self) -> dict[str, Any]:
        """As crossbar shows it. `timestamp` is in Gregorian seconds, `length` in milliseconds."""
        shown: dict[str, Any] = {
            "media_id": self.id,
            "timestamp": to_gregorian(self.created),
            "from": self.from_uri,
            "to": self.to_uri,
            "caller_id_number": self.caller_id_number,
            "caller_id_name": self.caller_id_name,
            "call_id": self.call_id,
            "folder": self.folder,
            "length": self.length,
            "urgent": self.urgent,
            "has_media": bool(self.file_id),
            "notification": {"status": self.mail_state} | ({"error": self.mail_error} if self.mail_error else {}),
            "history": self.history,
        }
        return shown | ({"transcription": self.transcription} if self.transcription else {})


def in_month_of(message_id: str) -> models.QuerySet[Message]:
    """The message of that id in the scope's account: its partition alone is looked into."""
    month = month_of(message_id)
    if month is None:
        return Message.objects.none()
    return Message.objects.filter(id=message_id, month=month.date())
