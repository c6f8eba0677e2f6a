"""Dial plans everybody can name in `dial_plan.system`: how people of a country dial, whatever country the account is
in (E.164 country codes and the national prefixes of ITU-T E.164's operational bulletin)."""

from __future__ import annotations

from collections.abc import Mapping

Plan = Mapping[str, Mapping[str, str]]


def _trunk(country: str, code: str, digits: str = "{5,12}") -> Plan:
    """A country whose national numbers are dialled with a leading 0 and whose international ones with 00."""
    return {
        rf"^0([1-9]\d{digits})$": {"prefix": f"+{code}", "description": f"National numbers of {country}"},
        **_ABROAD,
    }


_ABROAD: Plan = {r"^00([1-9]\d{6,14})$": {"prefix": "+", "description": "International numbers behind 00"}}
SYSTEM_PLANS: Mapping[str, Plan] = {
    "00": _ABROAD,
    "011": {r"^011([2-9]\d{6,14})$": {"prefix": "+", "description": "International numbers behind 011"}},
    "nanp": {
        r"^1?([2-9]\d{2}[2-9]\d{6})$": {"prefix": "+1", "description": "Ten digits, with or without the 1"},
        r"^011([2-9]\d{6,14})$": {"prefix": "+", "description": "International numbers behind 011"},
    },
    "at": _trunk("Austria", "43"),
    "be": _trunk("Belgium", "32"),
    "ch": _trunk("Switzerland", "41"),
    "de": _trunk("Germany", "49"),
    "fr": _trunk("France", "33", "{8}"),
    "gb": _trunk("the United Kingdom", "44", "{8,9}"),
    "nl": _trunk("the Netherlands", "31", "{8}"),
    "es": {r"^([6-9]\d{8})$": {"prefix": "+34", "description": "Nine digits of Spain"}, **_ABROAD},
    "it": {r"^(0\d{5,10}|3\d{8,9})$": {"prefix": "+39", "description": "Numbers of Italy, the 0 stays"}, **_ABROAD},
    "pt": {r"^([29]\d{8})$": {"prefix": "+351", "description": "Nine digits of Portugal"}, **_ABROAD},
}
