"""Whether a caller is on a list. Runs inside `account_scope`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.foundation.kit.clock import now
from apps.foundation.kit.patterns import BadPattern, search
from apps.pbx.lists.models import Blacklist, List, ListEntry, MatchList
from apps.pbx.lists.numbers import in_one_form, is_anonymous
from apps.pbx.schedules.calendar import evaluate
from apps.pbx.schedules.queries import rules_in_order, zone_of
from apps.switching.calls.port import CallerId, CallKind


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as lists ask."""

    number: str
    name: str = ""
    call_kind: CallKind = "inbound"
    hidden: bool = False


def entry_for(list_ids: Sequence[str], number: str) -> ListEntry | None:
    """The entry a number has in one of the lists: in their order, the number itself before a pattern.

    Two queries at most.
    """
    wanted = list(dict.fromkeys(list_ids))
    if not wanted or not number:
        return None
    form = in_one_form(number)
    entries = ListEntry.objects.filter(list_id__in=wanted).order_by("created", "id")
    exact = list(entries.filter(normal_number=form))
    matching = exact or [entry for entry in entries.exclude(pattern=None) if _found(entry.pattern, form)]
    return min(matching, key=lambda entry: wanted.index(entry.list_id), default=None)


def is_listed(list_ids: Sequence[str], number: str) -> bool:
    """Whether a number has an entry in one of the lists."""
    return entry_for(list_ids, number) is not None


def is_on_list(identifier: str, number: str) -> bool:
    """Whether the list or the match list with this id has the number now."""
    return is_listed([identifier], number) or matches([identifier], Caller(number))


def lists_among(ids: set[str]) -> set[str]:
    """Which of the ids are lists or match lists of the account."""
    found = [model.objects.filter(id__in=ids).values_list("id", flat=True) for model in (List, MatchList)]
    return {identifier for rows in found for identifier in rows}


def name_of(list_ids: Sequence[str], number: str) -> str:
    """What a phone book calls a number, empty where it is in none."""
    entry = entry_for(list_ids, number)
    return entry.shown_name if entry is not None else ""


def entry_by_key(list_ids: Sequence[str], dialled: str) -> tuple[ListEntry, str] | None:
    """The entry whose `capture_group_key` the dialled digits begin with, the longest key first; and the digits behind
    it."""
    wanted = list(dict.fromkeys(list_ids))
    keyed = [
        (str(entry.document["capture_group_key"]), entry)
        for entry in ListEntry.objects.filter(list_id__in=wanted, document__has_key="capture_group_key").order_by(
            "created"
        )
    ]
    fitting = [
        (key, entry)
        for key, entry in keyed
        if key and dialled.startswith(key) and entry.document.get("capture_group_length") in (None, len(key))
    ]
    if not fitting:
        return None
    key, entry = min(fitting, key=lambda pair: (-len(pair[0]), wanted.index(pair[1].list_id)))
    return entry, dialled[len(key) :]


def blacklists_of(document: Mapping[str, Any]) -> list[str]:
    """The blacklists that the document of an account, a user or a device names."""
    named = document.get("blacklists")
    return [str(one) for one in named] if isinstance(named, list) else []


def is_blacklisted(blacklist_ids: Iterable[str], caller: CallerId, *, hidden: bool = False) -> bool:
    """Whether one of these blacklists turns the caller away. One query."""
    blacklists = list(Blacklist.objects.filter(id__in=list(blacklist_ids)))
    if not blacklists:
        return False
    if is_anonymous(caller.number, caller.name, hidden=hidden):
        return any(bool(blacklist.document.get("should_block_anonymous")) for blacklist in blacklists)
    form = in_one_form(caller.number)
    return any(form == in_one_form(number) for blacklist in blacklists for number in blacklist.numbers)


def matches(match_list_ids: Sequence[str], caller: Caller, moment: datetime | None = None) -> bool:
    """Whether one of these match lists describes the caller at this moment (now where there is none)."""
    wanted = MatchList.objects.filter(id__in=list(match_list_ids))
    at = moment or now()
    return any(_describes(rule, caller, at) for one in wanted for rule in one.document.get("rules") or [])


def _describes(rule: dict[str, Any], caller: Caller, moment: datetime) -> bool:
    return _fits(rule, caller) and _in_time(rule.get("temporal_rules") or [], moment)


def _fits(rule: dict[str, Any], caller: Caller) -> bool:
    kind, number = rule.get("type"), caller.number
    if kind == "anonymous":
        return is_anonymous(number, caller.name, hidden=caller.hidden)
    if kind in ("internal", "external"):
        return caller.call_kind == ("internal" if kind == "internal" else "inbound")
    if kind == "list":
        return is_listed([str(rule.get("list_id"))], number)
    form = in_one_form(number)
    if kind == "regex":
        return _found(str(rule.get("regex") or ""), form)
    return form in {in_one_form(one) for one in rule.get("numbers") or []}


def _in_time(rule_ids: Sequence[str], moment: datetime) -> bool:
    return not rule_ids or evaluate(rules_in_order(rule_ids), moment, zone_of()).rule is not None


def _found(pattern: str | None, text: str) -> bool:
    try:
        return bool(pattern) and search(str(pattern), text) is not None
    except BadPattern:
        return False
