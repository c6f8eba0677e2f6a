"""Every write of rules and sets of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import to_gregorian
from apps.pbx.schedules.documents import TemporalRuleDocument, TemporalRuleSetDocument
from apps.pbx.schedules.models import TemporalRule, TemporalRuleSet


@transaction.atomic
def create_rule(document: dict[str, Any], principal: Principal) -> TemporalRule:
    return create_document(TemporalRule, validated(TemporalRuleDocument, document), principal)


@transaction.atomic
def replace_rule(rule: TemporalRule, document: dict[str, Any], principal: Principal) -> TemporalRule:
    return replace_document(rule, validated(TemporalRuleDocument, document), principal)


@transaction.atomic
def delete_rule(rule: TemporalRule, principal: Principal, *, hard: bool = False) -> TemporalRule:
    """Sets and callflows that name it go on without it."""
    return delete_document(rule, principal, hard=hard)


@transaction.atomic
def create_rule_set(document: dict[str, Any], principal: Principal) -> TemporalRuleSet:
    """Raises ValidationFailed: a rule that does not exist."""
    return create_document(TemporalRuleSet, _checked(document), principal)


@transaction.atomic
def replace_rule_set(rules: TemporalRuleSet, document: dict[str, Any], principal: Principal) -> TemporalRuleSet:
    """Raises ValidationFailed: a new rule that does not exist."""
    return replace_document(rules, _checked(document, rules), principal)


@transaction.atomic
def delete_rule_set(rules: TemporalRuleSet, principal: Principal, *, hard: bool = False) -> TemporalRuleSet:
    return delete_document(rules, principal, hard=hard)


@transaction.atomic
def switch_rules(
    rule_ids: Sequence[str], enabled: bool | None, principal: Principal, *, until: datetime | None = None
) -> int:
    """Switch rules on or off by hand, `until` a moment or for good; None lets the calendar decide again.

    Answers how many rules were changed.
    """
    rules = list(TemporalRule.objects.select_for_update().filter(id__in=rule_ids).order_by("id"))
    by_hand = {"enabled": enabled, "until": to_gregorian(until) if until is not None and enabled is not None else None}
    for rule in rules:
        kept = {key: value for key, value in rule.to_document().items() if key not in by_hand}
        replace_document(rule, validated(TemporalRuleDocument, kept | by_hand), principal)
    return len(rules)


def _checked(document: dict[str, Any], before: TemporalRuleSet | None = None) -> dict[str, Any]:
    """A rule that is gone since the set was written may stay in it; others must exist."""
    document = validated(TemporalRuleSetDocument, document)
    wanted = document["temporal_rules"]
    known = set(TemporalRule.objects.filter(id__in=wanted).values_list("id", flat=True))
    known |= set(before.rule_ids) if before is not None else set()
    unknown = {
        f"temporal_rules.{place}": {
            "not_found": {"message": _("The account has no such temporal rule"), "cause": rule_id}
        }
        for place, rule_id in enumerate(wanted)
        if rule_id not in known
    }
    if unknown:
        raise ValidationFailed(unknown)
    return document
