"""Calls that ended while no call server had them: their records say that they are over, their traces do not."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.kit.clock import now
from apps.pbx.callflows.ending import EndedCall, perform
from apps.pbx.callflows.models import CallTrace
from apps.pbx.callflows.trace_rows import Trace, mark_ended
from apps.switching.calls.port import CallerId

#: A call server that has the call finishes it itself, within this time.
GRACE = timedelta(seconds=20)
#: Calls that are older and not finished never will be: their records are lost.
OLDEST = timedelta(days=2)
MOST = 1000


def left_over() -> list[tuple[str, str]]:
    """`(account id, trace id)` of calls of the scope's schema that are over by their records only."""
    going_on = CallTrace.across_accounts.filter(ended=None, started__gt=now() - OLDEST, started__lt=now() - GRACE)
    traces = list(going_on.order_by("started").values_list("account_id", "id", "call_id")[:MOST])
    call_ids = [call_id for _, _, call_id in traces]
    over = set(
        CallRecord.across_accounts.filter(call_id__in=call_ids, ended__lt=now() - GRACE).values_list(
            "account_id", "call_id"
        )
    )
    return [(account_id, trace_id) for account_id, trace_id, call_id in traces if (account_id, call_id) in over]


@transaction.atomic
def finish(trace_id: str) -> bool:
    """Mark the call of the scope's account as over and do its duties; False where somebody was faster."""
    row = CallTrace.objects.filter(id=trace_id).first()
    record = CallRecord.objects.filter(call_id=row.call_id).order_by("started").first() if row is not None else None
    if row is None or record is None:
        return False
    variables = dict(row.variables)
    if not mark_ended([Trace(row.call_id, row.account_id, row.started)]):
        return False
    CallTrace.objects.filter(id=trace_id).update(hangup_cause=record.hangup_cause[:64])
    perform(
        EndedCall(
            call_id=row.call_id,
            account_id=current_account_id(),
            destination=row.destination,
            caller_id=CallerId(record.caller_id_name, record.caller_id_number),
            call_kind="inbound" if record.call_kind == "inbound" else "internal",
            authorizing_id=record.authorizing_id,
            owner_id=record.owner_id,
            interaction_id=record.interaction_id,
            callflow_id=record.callflow_id,
            cause=record.hangup_cause,
            was_answered=record.answered is not None,
            was_bridged=bool(record.other_leg_call_id),
            variables=variables,
        )
    )
    return True
