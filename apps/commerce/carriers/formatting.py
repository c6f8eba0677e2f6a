"""Rewriting what a call to a carrier says, by `formatters` as KAZOO writes them. Pure functions.

    {"caller_id_number": [{"regex": "^\\+1(\\d{10})$", "direction": "outbound"}],
     "from": {"match_invite_format": true}, "caller_id_name": {"strip": true}}

A formatter is named after a field of the call; a rule is `{regex, prefix, suffix, value, strip, direction,
match_invite_format}`. The first rule of a field whose expression matches is used: what the first group captured (all of
it where there is none) between prefix and suffix, or `value` instead. `strip` leaves the field empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from apps.foundation.kit.patterns import BadPattern, search

#: What a field of the call may be named after.
NUMBER = ("request", "to", "to_did")
CALLER_NUMBER = ("caller_id_number", "outbound_caller_id_number", "from")
CALLER_NAME = ("caller_id_name", "outbound_caller_id_name")
Formatters = Mapping[str, Any]


def formatted(
    value: str, fields: Iterable[str], formatters: Formatters, *, directions: Iterable[str] = ("outbound", "both")
) -> str:
    """The value of the field called any of `fields`. A rule without a direction is for both."""
    by_name = {str(name).lower(): rules for name, rules in formatters.items()}
    wanted = frozenset(directions)
    for rule in (rule for field in fields for rule in _listed(by_name.get(field))):
        if str(rule.get("direction") or "both") not in wanted or rule.get("match_invite_format"):
            continue
        match = _found(str(rule.get("regex") or "^.*$"), value)
        if match is None:
            continue
        return "" if rule.get("strip") else _written(rule, match)
    return value


def matches_invite_format(formatters: Formatters) -> bool:
    """Whether the caller's number is to be written as the dialled one is."""
    by_name = {str(name).lower(): rules for name, rules in formatters.items()}
    return any(bool(rule.get("match_invite_format")) for field in CALLER_NUMBER for rule in _listed(by_name.get(field)))


def _written(rule: Mapping[str, Any], match: re.Match[str]) -> str:
    if rule.get("value"):
        return str(rule["value"])
    kept = match.group(1) or "" if match.re.groups else match.group()
    return f"{rule.get('prefix') or ''}{kept}{rule.get('suffix') or ''}"


def _found(expression: str, value: str) -> re.Match[str] | None:
    try:
        return search(expression, value)
    except BadPattern:
        return None


def _listed(rules: object) -> list[Mapping[str, Any]]:
    found = rules if isinstance(rules, list) else [rules]
    return [rule for rule in found if isinstance(rule, Mapping)]
