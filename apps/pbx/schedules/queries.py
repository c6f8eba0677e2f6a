"""Which rule applies now, and when that changes. Runs inside `account_scope`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.kit.clock import to_gregorian
from apps.pbx.schedules.calendar import Decision, Rule, Why, evaluate
from apps.pbx.schedules.changes import next_change
from apps.pbx.schedules.documents import rule_of
from apps.pbx.schedules.models import TemporalRule, TemporalRuleSet

logger = logging.getLogger(__name__)
INHERIT = "inherit"
#: Rules whose order nobody said: the rarer ones first, so that a holiday wins over the week it is in.
_RARITY = ("date", "yearly", "monthly", "weekly", "daily")


@dataclass(frozen=True, slots=True)
class Route:
    """What a flow asks for. `rule_ids` in their order; `unordered` are those of children, used where both are empty."""

    rule_ids: Sequence[str] = ()
    rule_set_id: str = ""
    unordered: Sequence[str] = ()
    timezone: str = ""


def zone_of(name: str | None = None) -> ZoneInfo:
    """The zone of that name, else the scope's account's, else UTC."""
    if not name or name == INHERIT:
        name = Account.objects.values_list("timezone", flat=True).get(id=current_account_id())
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, LookupError):
        logger.warning("there is no time zone %r, UTC is used", name)
        return ZoneInfo("UTC")


def rules_in_order(rule_ids: Iterable[str]) -> list[Rule]:
    """The rules with these ids as the calendar knows them; those that are gone or cannot be read are left out."""
    wanted = list(dict.fromkeys(rule_ids))
    found = {row.id: row for row in TemporalRule.objects.filter(id__in=wanted)}
    return [rule for identifier in wanted if identifier in found and (rule := _read(found[identifier])) is not None]


def rules_of_set(rule_set_id: str) -> list[Rule]:
    found = TemporalRuleSet.objects.filter(id=rule_set_id).first()
    return rules_in_order(found.rule_ids) if found is not None else []


def rule_ids_of(route: Route) -> list[str]:
    """The rules a flow names, one way or the other."""
    return [rule.id for rule in _rules_of(route)]


def decide(route: Route, moment: datetime) -> Decision:
    """Which rule of a flow applies at a moment."""
    return evaluate(_rules_of(route), moment, zone_of(route.timezone))


def state_of(rules: Sequence[Rule], moment: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """What the API tells: which rule applies at the moment, why, and when that changes. Times in Gregorian seconds."""
    decision = evaluate(rules, moment, zone)
    change = next_change(rules, moment, zone)
    rule = decision.rule
    return {
        "at": to_gregorian(moment),
        "local_time": moment.astimezone(zone).isoformat(timespec="seconds"),
        "timezone": zone.key,
        "applies": rule is not None,
        "rule": {"id": rule.id, "name": rule.name} if rule is not None else None,
        "why": in_words(decision.why, zone),
        "next_change": to_gregorian(change) if change is not None else None,
        "next_change_local": change.astimezone(zone).isoformat(timespec="seconds") if change is not None else None,
    }


def in_words(why: Why, zone: ZoneInfo) -> str:
    """The reason as a sentence."""
    if why.kind == "switched_on" and why.until is not None:
        moment = why.until.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        return _("Switched on by hand until %(moment)s") % {"moment": moment}
    if why.kind == "switched_on":
        return _("Switched on by hand")
    if why.day is None:
        return _("No rule applies")
    if why.holiday:
        return _("%(date)s is %(holiday)s") % {"date": why.day.isoformat(), "holiday": why.holiday}
    weekday = _weekday_names()[why.day.weekday()]
    return _("It began on %(weekday)s, %(date)s") % {"weekday": weekday, "date": why.day.isoformat()}


def _weekday_names() -> tuple[str, ...]:
    return (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))


def _rules_of(route: Route) -> list[Rule]:
    if route.rule_set_id:
        return rules_of_set(route.rule_set_id)
    if route.rule_ids:
        return rules_in_order(route.rule_ids)
    rules = rules_in_order(sorted(route.unordered))
    return sorted(rules, key=lambda rule: 0 if rule.holidays is not None else _RARITY.index(rule.cycle))


def _read(row: TemporalRule) -> Rule | None:
    try:
        return rule_of(row.id, row.to_document())
    except ValueError as error:
        logger.warning("%s", error)
        return None
