"""What ringing looks up about a caller: whether he is on a list or blacklist, whether a schedule holds now. In a
scope."""

from __future__ import annotations

from collections.abc import Mapping

from apps.foundation.kit.clock import now
from apps.pbx.endpoints.rules import Document
from apps.pbx.lists.queries import blacklists_of, is_blacklisted, is_on_list
from apps.pbx.schedules.calendar import evaluate
from apps.pbx.schedules.queries import rules_in_order, rules_of_set, zone_of
from apps.switching.calls.port import CallerId


def holds_now(schedule_id: str) -> bool:
    """Whether the temporal rule (or one of the set) with this id applies now. One that is gone never does."""
    rules = rules_in_order([schedule_id]) or rules_of_set(schedule_id)
    return evaluate(rules, now(), zone_of()).rule is not None


def is_listed(list_id: str, caller: str) -> bool:
    """Whether a number is on the list with this id. Nobody without a number is on any."""
    return bool(caller) and is_on_list(list_id, caller)


def who_refuses(documents: Mapping[str, Document], caller: CallerId) -> frozenset[str]:
    """The ids of those devices and users whose own `blacklists` turn the caller away. One query for each such."""
    return frozenset(
        identifier
        for identifier, document in documents.items()
        if (ids := blacklists_of(document)) and is_blacklisted(ids, caller)
    )
