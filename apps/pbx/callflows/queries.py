"""Which callflow answers what was dialled (KAZOO's order: number, pattern, `no_match`)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from apps.foundation.kit.patterns import BadPattern, search
from apps.pbx.callflows.documents import NO_MATCH
from apps.pbx.callflows.models import Callflow, CallflowNumber
from apps.pbx.numbers.answering import dialled_as

_DIGITS = re.compile(r"\+?[0-9]+")


@dataclass(frozen=True, slots=True)
class FoundFlow:
    """`number` is the callflow's number or pattern that matched. `capture_group` is the longest group a pattern
    captured, empty where there is none; `is_no_match` that only the catch-all was left."""

    callflow: Callflow
    number: str = ""
    capture_group: str = ""
    capture_groups: dict[str, str] = field(default_factory=dict)
    is_no_match: bool = False

    @property
    def flow(self) -> dict[str, Any]:
        return self.callflow.flow


def find_flow(destination: str) -> FoundFlow | None:
    """The scope's account's callflow for `destination`. One query where a number matches, else a second one; national
    digits cost one more, for the account's country.

    The `no_match` flow answers only what is digits with an optional plus; whether the call may use it (one of the
    account's own phones, never a carrier) is for whoever asks to decide by `is_no_match`.
    """
    forms = dialled_as(destination)
    named = CallflowNumber.objects.filter(number__in=[*forms, NO_MATCH]).values("callflow_id")
    found = {number: callflow for callflow in Callflow.objects.filter(id__in=named) for number in callflow.numbers}
    for form in forms:
        if form in found and form != NO_MATCH:
            return FoundFlow(found[form], form)
    if (matched := _by_pattern(destination)) is not None:
        return matched
    if NO_MATCH in found and _DIGITS.fullmatch(destination):
        return FoundFlow(found[NO_MATCH], NO_MATCH, is_no_match=True)
    return None


def modules_of(flow: Any) -> list[str]:
    """The names of the verbs in a flow, each once, from the top."""
    found: dict[str, None] = {}
    waiting = [flow]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, dict):
            if isinstance(node.get("module"), str):
                found.setdefault(node["module"])
            children = node.get("children")
            waiting += children.values() if isinstance(children, dict) else []
    return list(found)


def _by_pattern(destination: str) -> FoundFlow | None:
    """Of all patterns that match, the one that captured most."""
    best: tuple[int, Callflow, str, re.Match[str]] | None = None
    for callflow in Callflow.objects.exclude(patterns=[]).order_by("created", "id"):
        for pattern, match in _matches(callflow.patterns, destination):
            length = len(_longest_group(match)) if match.re.groups else len(match.group())
            if best is None or length > best[0]:
                best = (length, callflow, pattern, match)
    if best is None:
        return None
    _length, callflow, pattern, match = best
    named = {name: value for name, value in match.groupdict().items() if value is not None}
    return FoundFlow(callflow, pattern, _longest_group(match), named)


def _matches(patterns: Iterable[str], destination: str) -> Iterable[tuple[str, re.Match[str]]]:
    for pattern in patterns:
        try:
            match = search(pattern, destination)
        except BadPattern:
            continue
        if match is not None:
            yield pattern, match


def _longest_group(match: re.Match[str]) -> str:
    return max((group or "" for group in match.groups()), key=len, default="")
