"""What selective forwarding looks up: whether a caller is on a list, whether a schedule holds now. In a scope."""

from __future__ import annotations

from apps.foundation.kit.clock import now
from apps.pbx.lists.queries import is_on_list
from apps.pbx.schedules.calendar import evaluate
from apps.pbx.schedules.queries import rules_in_order, rules_of_set, zone_of


def holds_now(schedule_id: str) -> bool:
    """Whether the temporal rule (or one of the set) with this id applies now. One that is gone never does."""
    rules = rules_in_order([schedule_id]) or rules_of_set(schedule_id)
    return evaluate(rules, now(), zone_of()).rule is not None


def is_listed(list_id: str, caller: str) -> bool:
    """Whether a number is on the list with this id. Nobody without a number is on any."""
    return bool(caller) and is_on_list(list_id, caller)
