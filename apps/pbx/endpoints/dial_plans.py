"""What a phone's keys mean: the dialled number rewritten before a callflow is looked for. Pure functions.

    dial_plan   {"^9(\\d{10})$": {"prefix": "+1"}}              the first expression that matches
                {"system": ["de"]}                            then those of the system's plans
    formatters  {"to": [{"regex": "^00(.+)$", "prefix": "+"}]}  the same, as KAZOO's request formatters write it

The nearest of device, user and account that has a rule for the number decides; `dial_plan` comes before `formatters`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import Field
from pydantic_core import PydanticCustomError

from apps.foundation.documents.shape import Shape
from apps.foundation.kit.patterns import BadPattern, compile_pattern, search
from apps.pbx.endpoints.system_plans import SYSTEM_PLANS

#: Names of plans of the system in a `dial_plan`, used after its own rules. Digits of the account's country are
#: understood without any.
SYSTEM = "system"
#: What a formatter may be named after: whom the call is for.
DIALLED_FIELDS = ("request", "to")
LONGEST = 64
_DIALLABLE = re.compile(r"[+*#A-Za-z0-9][*#A-Za-z0-9._\-]{0,63}")
Document = Mapping[str, Any]


class DialRule(Shape):
    prefix: str = Field("", max_length=LONGEST, description="Put before what the expression captured.")
    suffix: str = Field("", max_length=LONGEST, description="Put behind it.")
    description: str = Field("", max_length=256, description="What the rule is for.")


def checked_plan(plan: dict[str, Any]) -> dict[str, Any]:
    """A document's `dial_plan`. Raises PydanticCustomError for what is no expression or no rule."""
    for expression, rule in plan.items():
        if expression == SYSTEM:
            _check_names(rule)
            continue
        _check(expression)
        if not isinstance(rule, Mapping):
            raise PydanticCustomError("type", "What {name} is rewritten to must be an object", {"name": expression})
        DialRule.model_validate(rule)
    return plan


def _check_names(names: object) -> None:
    for name in names if isinstance(names, list) else [names]:
        if name not in SYSTEM_PLANS:
            known = ", ".join(sorted(SYSTEM_PLANS))
            raise PydanticCustomError(
                "enum", "There is no dial plan {name} of the system, only {known}", {"name": str(name), "known": known}
            )


def checked_formatters(formatters: dict[str, Any]) -> dict[str, Any]:
    """A document's `formatters`. Raises PydanticCustomError."""
    for rule in (rule for rules in formatters.values() for rule in _listed(rules)):
        _check(str(rule.get("regex") or ""))
    return formatters


def _check(expression: str) -> None:
    try:
        compile_pattern(expression)
    except BadPattern as error:
        raise PydanticCustomError("pattern", "{problem}", {"problem": f"{expression[:80]}: {error}"}) from None


def rewritten(dialled: str, documents: Iterable[Document]) -> str:
    """The number to look for. `documents` are the device's, its user's and the account's, in this order."""
    for document in documents:
        for expression, rule in _rules(document):
            match = _found(expression, dialled)
            if match is None:
                continue
            number = _value(rule, match)
            return number if _DIALLABLE.fullmatch(number) else dialled
    return dialled


def _rules(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = document.get("dial_plan")
    plan = found if isinstance(found, Mapping) else {}
    for expression, rule in plan.items():
        if expression != SYSTEM and isinstance(rule, Mapping):
            yield expression, rule
    named = plan.get(SYSTEM)
    for name in named if isinstance(named, list) else [named]:
        yield from SYSTEM_PLANS.get(str(name), {}).items()
    given = document.get("formatters")
    formatters = given if isinstance(given, Mapping) else {}
    for field in DIALLED_FIELDS if formatters else ():
        named = next((rules for name, rules in formatters.items() if str(name).lower() == field), None)
        for rule in _listed(named):
            if rule.get("direction", "both") in ("inbound", "both") and not rule.get("strip"):
                yield str(rule.get("regex") or "^.+$"), rule


def _value(rule: Mapping[str, Any], match: re.Match[str]) -> str:
    if rule.get("value"):
        return str(rule["value"])
    kept = match.group(1) or "" if match.re.groups else match.group()
    return f"{rule.get('prefix') or ''}{kept}{rule.get('suffix') or ''}"


def _found(expression: str, dialled: str) -> re.Match[str] | None:
    try:
        return search(expression, dialled)
    except BadPattern:
        return None


def _listed(rules: object) -> list[Mapping[str, Any]]:
    found = rules if isinstance(rules, list) else [rules]
    return [rule for rule in found if isinstance(rule, Mapping)]
