"""Click to call: an address that a web page calls to connect a visitor with an extension, and who used it."""

from __future__ import annotations

from django.db import models

from apps.foundation.accounts.scope import current_account_id, current_scope
from apps.foundation.documents.models import Document


class ClickToCall(Document):
    """The whole document is in `document`: nothing is looked up but the id."""

    name = models.CharField(max_length=128)

    document_type = "clicktocall"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="click_to_call_name")]

    def __str__(self) -> str:
        return self.name


class AttemptManager(models.Manager["ConnectAttempt"]):
    def get_queryset(self) -> models.QuerySet[ConnectAttempt]:
        return super().get_queryset().filter(account_id=current_account_id())


class AttemptSchemaManager(models.Manager["ConnectAttempt"]):
    """Attempts of every account in the scope's schema."""

    def get_queryset(self) -> models.QuerySet[ConnectAttempt]:
        current_scope()
        return super().get_queryset()


class ConnectAttempt(models.Model):
    """One use. `interaction_id` finds its call records; `refusal` says why no call was made, empty where one was."""

    id = models.CharField(primary_key=True, max_length=39)
    month = models.DateField()
    account_id = models.CharField(max_length=32)
    click_to_call_id = models.CharField(max_length=32)
    created = models.DateTimeField()
    contact = models.CharField(max_length=64, blank=True)
    extension = models.CharField(max_length=64, blank=True)
    client_ip = models.CharField(max_length=45, blank=True)
    interaction_id = models.CharField(max_length=64, blank=True)
    refusal = models.CharField(max_length=32, blank=True)

    monthly = True
    objects = AttemptManager()
    across_accounts = AttemptSchemaManager()

    class Meta:
        managed = False
        db_table = "connect_attempt"
        base_manager_name = "across_accounts"

    def __str__(self) -> str:
        return f"{self.contact} to {self.extension}"
