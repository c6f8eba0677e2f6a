"""Schedules: rules that say on which days and at which hours they apply, and sets of them."""

from __future__ import annotations

from django.db import models

from apps.foundation.documents.models import Document


class TemporalRule(Document):
    """When it applies is worked out by `apps.pbx.schedules.calendar` from the document."""

    name = models.CharField(max_length=128)

    document_type = "temporal_rule"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="temporal_rules_name")]

    def __str__(self) -> str:
        return self.name


class TemporalRuleSet(Document):
    """`document["temporal_rules"]` are ids of rules, in the order in which they are tried."""

    name = models.CharField(max_length=128)

    document_type = "temporal_rules_set"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="temporal_rules_sets_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def rule_ids(self) -> list[str]:
        found: list[str] = self.document.get("temporal_rules") or []
        return found
