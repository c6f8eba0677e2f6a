"""Wake-up calls whose time has come."""

from __future__ import annotations

import logging

from celery import shared_task

from apps.foundation.accounts.scope import AccountElsewhere, AccountUnknown, account_scope, schema_scope
from apps.foundation.tenants.schemas import installed_schemas
from apps.pbx.wakeup_calls import calling
from apps.pbx.wakeup_calls.actions import forget, long_over
from apps.switching.switches.models import NodeState, SwitchNode

log = logging.getLogger(__name__)
#: What FreeSWITCH lets in where a node has not said (`sessions-per-second`). Half of it is left for other calls.
SESSIONS_A_SECOND = 30
#: How often the due ones are looked for. Seconds.
OFTEN = 60


@shared_task(name="wakeup_calls.call_due")
def call_due() -> int:
    """Hand out what is due, at the pace the switches take it; what is more waits for the next minute. Answers how many.

    One look into an index per reseller's schema, however many calls are set.
    """
    pace = _pace()
    found: list[tuple[str, str]] = []
    for schema in installed_schemas():
        with schema_scope(schema):
            found += calling.due_calls(pace * OFTEN - len(found))
        if len(found) >= pace * OFTEN:
            log.warning("more wake-up calls are due than can be made in a minute")
            break
    for place, (account_id, identifier) in enumerate(found):
        act.apply_async((account_id, identifier), countdown=place // pace, expires=10 * OFTEN)
    return len(found)


@shared_task(name="wakeup_calls.act")
def act(account_id: str, identifier: str) -> bool:
    """Ring for one call, or see that nobody answered. Done twice, it is done once."""
    try:
        with account_scope(account_id):
            return calling.act(identifier)
    except (AccountUnknown, AccountElsewhere):
        log.info("wake-up call %s: its account is not there", identifier)
        return False


@shared_task(name="wakeup_calls.forget_over")
def forget_over() -> int:
    """Delete calls that were made once, a month after they were. Answers how many."""
    forgotten = 0
    for schema in installed_schemas():
        with schema_scope(schema):
            over = long_over()
        for account_id, identifier in over:
            try:
                with account_scope(account_id):
                    forgotten += forget(identifier)
            except (AccountUnknown, AccountElsewhere):
                continue
    return forgotten


def _pace() -> int:
    """Calls a second for all nodes that are up."""
    limits = SwitchNode.objects.filter(state=NodeState.UP).values_list("sessions_per_second", flat=True)
    return max(1, sum((limit or SESSIONS_A_SECOND) // 2 for limit in limits))
