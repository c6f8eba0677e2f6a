"""Schedules in the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, item_route, route
from apps.foundation.identity.principal import Role
from apps.foundation.kit.clock import from_gregorian, now
from apps.pbx.schedules.actions import (
    create_rule,
    create_rule_set,
    delete_rule,
    delete_rule_set,
    replace_rule,
    replace_rule_set,
)
from apps.pbx.schedules.calendar import Rule
from apps.pbx.schedules.documents import TemporalRuleDocument, TemporalRuleSetDocument
from apps.pbx.schedules.models import TemporalRule, TemporalRuleSet
from apps.pbx.schedules.public_holidays import names_of, subdivisions_of
from apps.pbx.schedules.queries import rules_in_order, rules_of_set, state_of, zone_of

STATE = {
    "at": 63937080000,
    "local_time": "2026-02-03T10:00:00+01:00",
    "timezone": "Europe/Berlin",
    "applies": True,
    "rule": {"id": "0123456789abcdef0123456789abcdef", "name": "Open"},
    "why": "It began on Tuesday, 2026-02-03",
    "next_change": 63937105200,
    "next_change_local": "2026-02-03T17:00:00+01:00",
}


class TemporalRuleResource(AccountResource):
    """Rules that say on which days and at which hours they apply: opening hours, holidays, "closed until …"."""

    path, model, shape = "temporal_rules", TemporalRule, TemporalRuleDocument
    summary = ("id", "name", "type", "flags")
    actions = Actions(create=create_rule, replace=replace_rule, delete=delete_rule)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    example = {
        "name": "Open",
        "cycle": "weekly",
        "wdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "time_window_start": 32400,
        "time_window_stop": 61200,
    }

    @item_route("state", example=STATE)
    def state(self, request: ApiRequest, instance: TemporalRule) -> dict[str, Any]:
        """Whether the rule applies, why, and when that changes.

        `at` is the moment asked about, in Gregorian seconds or as ISO 8601, now where it is absent; `timezone` an IANA
        zone, the account's where it is absent. `next_change` is null where nothing changes within ten years.
        """
        return _state(request, rules_in_order([instance.id]))

    @route("holidays", example={"2026-12-25": "Christmas Day"})
    def holidays(self, request: ApiRequest) -> dict[str, str]:
        """The public holidays of a country in a year, by their date.

        `country` is an ISO 3166 alpha-2 code, `subdivision` a part of it, `year` the current one where absent.
        """
        country = str(request.query.get("country", "")).upper()
        subdivision, year = str(request.query.get("subdivision", "")), str(request.query.get("year") or now().year)
        parts = subdivisions_of(country)
        if parts is None:
            raise ValidationFailed.of("country", "not_found", _("No holidays are known for this country"))
        if subdivision and subdivision not in parts:
            message = _("This country has no such part with holidays: %(known)s") % {"known": ", ".join(parts)}
            raise ValidationFailed.of("subdivision", "not_found", message)
        if not (year.isascii() and year.isdigit() and 1900 <= int(year) <= 2200):
            raise ValidationFailed.of("year", "format", _("Not a year from 1900 to 2200"))
        return {day.isoformat(): name for day, name in names_of(country, subdivision, int(year)).items()}


class TemporalRuleSetResource(AccountResource):
    """Several rules under one name. A set applies when one of its rules does."""

    path, model, shape = "temporal_rules_sets", TemporalRuleSet, TemporalRuleSetDocument
    summary = ("id", "name", "flags")
    actions = Actions(create=create_rule_set, replace=replace_rule_set, delete=delete_rule_set)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    example = {"name": "Holidays", "temporal_rules": []}

    def summarize(self, instance: TemporalRuleSet) -> Mapping[str, Any]:
        """`rules` are the ids of its rules."""
        return {**super().summarize(instance), "rules": instance.rule_ids}

    @item_route("state", example=STATE)
    def state(self, request: ApiRequest, instance: TemporalRuleSet) -> dict[str, Any]:
        """Whether one of the set's rules applies, which and why, and when that changes.

        The query is that of a rule's state.
        """
        return _state(request, rules_of_set(instance.id))


def _state(request: ApiRequest, rules: Sequence[Rule]) -> dict[str, Any]:
    zone = _zone(request)
    return state_of(rules, _moment(request, zone), zone)


def _zone(request: ApiRequest) -> ZoneInfo:
    name = request.query.get("timezone")
    if not name:
        return zone_of()
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValidationFailed.of("timezone", "format", _("Not a time zone of the IANA database"), value=name) from None


def _moment(request: ApiRequest, zone: ZoneInfo) -> datetime:
    text = str(request.query.get("at") or "").strip()
    if not text:
        return now()
    try:
        if text.isascii() and text.isdigit():
            found = from_gregorian(int(text))
        else:
            # In a query string, a plus that was not encoded arrives as a blank.
            found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
            found = found if found.tzinfo is not None else found.replace(tzinfo=zone)
        if not 1900 < found.astimezone(UTC).year < 2200:
            raise ValueError("out of range")
    except (ValueError, OverflowError):
        message = _("Neither Gregorian seconds nor ISO 8601, or out of range")
        raise ValidationFailed.of("at", "format", message, value=text) from None
    return found
