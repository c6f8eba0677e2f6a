"""White label: the name, colour, logo and domain a reseller shows its customers instead of the operator's.

The row is shared, because a visitor arrives with nothing but a host name.
"""

from typing import Any

from django.db import models

from apps.foundation.kit.clock import now


class WhiteLabel(models.Model):
    """`logo` and `icon` are names in the default storage, empty where there is none. `color` is `#rrggbb` or empty."""

    account_id = models.CharField(primary_key=True, max_length=32)
    domain = models.CharField(max_length=253, unique=True, null=True, blank=True)
    company_name = models.CharField(max_length=128, blank=True)
    color = models.CharField(max_length=7, blank=True)
    logo = models.CharField(max_length=255, blank=True)
    icon = models.CharField(max_length=255, blank=True)
    document: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=now)
    modified = models.DateTimeField(default=now)

    #: Document fields with a column of their own.
    document_columns = ("company_name", "domain", "color")

    def __str__(self) -> str:
        return self.company_name or self.domain or self.account_id

    def to_document(self) -> dict[str, Any]:
        public = {column: value for column in self.document_columns if (value := getattr(self, column))}
        return dict(self.document) | public | {"id": self.account_id}

    def apply_document(self, document: dict[str, Any]) -> None:
        """Take over a whole validated document."""
        self.company_name = document.get("company_name") or ""
        self.domain = document.get("domain") or None
        self.color = document.get("color") or ""
        self.document = {k: v for k, v in document.items() if k not in self.document_columns and k != "id"}
