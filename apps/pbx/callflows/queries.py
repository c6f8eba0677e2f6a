"""Which callflow answers a dialled number. Inside `account_scope`."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from apps.foundation.kit.phone_numbers import NotANumber, to_e164
from apps.pbx.callflows.models import Callflow, CallflowNumber

logger = logging.getLogger(__name__)
NO_MATCH = "no_match"
LONGEST_DIALLED = 64
_PLAIN_NUMBER = re.compile(r"\+?\d+")


@dataclass(frozen=True, slots=True)
class FoundFlow:
    """`capture_group` is the longest captured group of the pattern that matched, `captures` its named ones."""

    callflow: Callflow
    capture_group: str = ""
    captures: dict[str, str] = field(default_factory=dict)
    is_no_match: bool = False


def find_flow(dialled: str, *, authorized: bool) -> FoundFlow | None:
    """The callflow for `dialled`: by number, else by the pattern that matches most of it, else `no_match`.

    `no_match` is only for plain numbers dialled by an endpoint of the account (`authorized`), never for a carrier's.
    """
    dialled = dialled[:LONGEST_DIALLED]
    found = _by_number(_spellings(dialled))
    if found is not None:
        return FoundFlow(found)
    matched = best_match(dialled, Callflow.objects.exclude(patterns=[]))
    if matched is not None:
        return matched
    if authorized and _PLAIN_NUMBER.fullmatch(dialled) and (found := _by_number([NO_MATCH])) is not None:
        return FoundFlow(found, is_no_match=True)
    return None


def best_match(dialled: str, callflows: Iterable[Callflow]) -> FoundFlow | None:
    """Of all patterns of all callflows, the one whose match, then whose capture, is the longest."""
    best: tuple[tuple[int, int], FoundFlow] | None = None
    for callflow in callflows:
        for pattern in callflow.patterns:
            match = _search(pattern, dialled)
            if match is None:
                continue
            capture = max((group for group in match.groups() if group), key=len, default="")
            rank = (len(match.group(0)), len(capture))
            if best is None or rank > best[0]:
                named = {name: value for name, value in match.groupdict().items() if value}
                best = (rank, FoundFlow(callflow, capture, named))
    return best[1] if best is not None else None


def _search(pattern: str, dialled: str) -> re.Match[str] | None:
    try:
        return re.search(pattern, dialled)
    except re.error:
        logger.warning("a callflow's pattern is no regular expression: %r", pattern)
        return None


def _spellings(dialled: str) -> list[str]:
    try:
        return [dialled, str(to_e164(dialled))]
    except NotANumber:
        return [dialled]


def _by_number(numbers: list[str]) -> Callflow | None:
    """As it was dialled first: an extension is not to be taken for a short number of the country."""
    rows = dict(CallflowNumber.objects.filter(number__in=numbers).values_list("number", "callflow_id"))
    identifier = next((rows[number] for number in numbers if number in rows), None)
    found: Any = Callflow.objects.filter(id=identifier).first() if identifier else None
    return found if isinstance(found, Callflow) else None
