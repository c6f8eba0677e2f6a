"""Call forwarding as a document asks for it: which number a call goes on to, and when. Pure functions, no queries.

A *forward* is one number with its options. The *kinds*: `selective` (some callers, some times) comes first, then
`unconditional`; both act before anything rings. `busy`, `no_answer` and `unreachable` act on how ringing ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Document = Mapping[str, Any]
Condition = Literal["busy", "no_answer", "unreachable"]
CONDITIONS: tuple[Condition, ...] = ("busy", "no_answer", "unreachable")
#: Hops from endpoint to endpoint a call may be forwarded; more is taken for a loop.
MOST_HOPS = 5
#: Separates the ids of those who forwarded a call, in the channel variable `forward_chain`.
CHAIN_SEPARATOR = ":"
#: FreeSWITCH's cause that is told as 483 Too Many Hops.
LOOP_CAUSE = "EXCHANGE_ROUTING_ERROR"
_UNDIALLED = re.compile(r"[^A-Za-z0-9+*#]")
_ANONYMOUS = frozenset({"", "anonymous", "restricted", "unknown", "unavailable", "private", "0000000000"})
#: How ringing ended, by FreeSWITCH's hangup cause.
_CONDITION_OF: Mapping[str, Condition] = {
    **dict.fromkeys(("USER_BUSY", "CALL_REJECTED", "NORMAL_CIRCUIT_CONGESTION"), "busy"),
    **dict.fromkeys(("NO_ANSWER", "ALLOTTED_TIMEOUT", "PROGRESS_TIMEOUT", "NO_USER_RESPONSE"), "no_answer"),
    **dict.fromkeys(
        (
            "SUBSCRIBER_ABSENT", "USER_NOT_REGISTERED", "NO_ROUTE_DESTINATION", "DESTINATION_OUT_OF_ORDER",
            "RECOVERY_ON_TIMER_EXPIRE", "NETWORK_OUT_OF_ORDER", "GATEWAY_DOWN", "NORMAL_TEMPORARY_FAILURE",
            "INCOMPATIBLE_DESTINATION", "MEDIA_TIMEOUT",
        ),
        "unreachable",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forward:
    """One number calls go on to. `substitute`: the phone itself is not rung."""

    number: str
    substitute: bool = True
    require_keypress: bool = True
    keep_caller_id: bool = True
    direct_calls_only: bool = False
    ignore_early_media: bool = True

    def is_for(self, *, direct: bool) -> bool:
        """Whether it holds for a call: `direct` to this endpoint, or to a group it is in."""
        return direct or not self.direct_calls_only


@dataclass(frozen=True, slots=True)
class Rule:
    """A selective forward; an empty condition holds for every call."""

    forward: Forward
    callers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What selective rules ask about a call. `caller` in E.164 or as an extension, empty for none.

    `in_list(id, caller)` and `holds(schedule id)` look things up; `in_full` writes a number as `caller` is written.
    """

    caller: str = ""
    in_list: Callable[[str, str], bool] = lambda _list, _caller: False
    holds: Callable[[str], bool] = lambda _schedule: False
    in_full: Callable[[str], str] = lambda number: number

    def fit(self, rule: Rule) -> bool:
        return self._is_one_of(rule) and (not rule.schedules or any(self.holds(one) for one in rule.schedules))

    def _is_one_of(self, rule: Rule) -> bool:
        if not rule.callers and not rule.lists:
            return True
        return any(self._is(given) for given in rule.callers) or any(
            self.in_list(one, self.caller) for one in rule.lists
        )

    def _is(self, given: str) -> bool:
        if given.lower() == "anonymous":
            return self.caller.lower() in _ANONYMOUS
        bare = _UNDIALLED.sub("", given)
        if bare.endswith("*"):
            return bool(self.caller) and self.caller.startswith(bare[:-1])
        return bool(bare) and self.caller in (bare, self.in_full(bare))


@dataclass(frozen=True, slots=True)
class CallForward:
    """Everything a document says about forwarding. `failover`: `unconditional` also where no phone is registered."""

    unconditional: Forward | None = None
    failover: Forward | None = None
    on: Mapping[Condition, Forward] = field(default_factory=dict)
    selective: tuple[Rule, ...] = ()

    def at_once(self, circumstances: Circumstances, *, direct: bool) -> Forward | None:
        """Where the call goes before anything rings."""
        for rule in self.selective:
            if rule.forward.is_for(direct=direct) and circumstances.fit(rule):
                return rule.forward
        found = self.unconditional
        return found if found is not None and found.is_for(direct=direct) else None

    def after(self, condition: Condition, *, direct: bool) -> Forward | None:
        """Where the call goes when ringing ended so. Busy and no answer are about this endpoint's own calls only."""
        found = self.on.get(condition)
        if condition == "unreachable":
            found = found or self.failover
        elif not direct:
            return None
        return found if found is not None and found.is_for(direct=direct) else None


NO_FORWARD = CallForward()


def condition_of(cause: str) -> Condition | None:
    """What a hangup cause means for forwarding, None where it means nothing."""
    return _CONDITION_OF.get(cause)


def call_forward(document: Document, *, always: bool = False) -> CallForward:
    """What a user's or device's document asks for. `always`: its number is where it is, enabled or not (a cell
    phone)."""
    given = _group(document, "call_forward")
    own = _forward(given)
    unconditional = _enabled(_group(given, "unconditional"))
    if unconditional is None and own is not None and (always or given.get("enabled")):
        unconditional = replace(own, substitute=True) if always else own
    return CallForward(
        unconditional=unconditional,
        failover=own if own is not None and given.get("failover") else None,
        on={name: found for name in CONDITIONS if (found := _enabled(_group(given, name))) is not None},
        selective=tuple(_rules(_group(given, "selective"))),
    )


def or_else(first: CallForward, second: CallForward) -> CallForward:
    """A device's forwarding, and its owner's for each kind the device has none of."""
    return CallForward(
        unconditional=first.unconditional or second.unconditional,
        failover=first.failover or second.failover,
        on={**second.on, **first.on},
        selective=first.selective or second.selective,
    )


def chain_of(text: str) -> tuple[str, ...]:
    """Who forwarded a call so far, from its `forward_chain` variable."""
    return tuple(part for part in text.split(CHAIN_SEPARATOR) if part)


def _rules(given: Document) -> Iterator[Rule]:
    rules = given.get("rules")
    if given.get("enabled", True) is False or not isinstance(rules, list):
        return
    for rule in rules:
        forward = _forward(rule) if isinstance(rule, Mapping) and rule.get("enabled", True) else None
        if forward is not None:
            named = rule.get("match_list_id")
            lists = (*_texts(rule, "lists"), *([str(named)] if named else []))
            yield Rule(forward, _texts(rule, "callers"), lists, _texts(rule, "schedules"))


def _enabled(given: Document) -> Forward | None:
    return _forward(given) if given.get("enabled") else None


def _forward(given: Document) -> Forward | None:
    number = _UNDIALLED.sub("", str(given.get("number") or ""))
    if not number:
        return None
    return Forward(
        number=number,
        substitute=bool(given.get("substitute", True)),
        require_keypress=bool(given.get("require_keypress", True)),
        keep_caller_id=bool(given.get("keep_caller_id", True)),
        direct_calls_only=bool(given.get("direct_calls_only")),
        ignore_early_media=bool(given.get("ignore_early_media", True)),
    )


def _group(document: Document, name: str) -> Document:
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def _texts(given: Document, name: str) -> tuple[str, ...]:
    value = given.get(name)
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()
