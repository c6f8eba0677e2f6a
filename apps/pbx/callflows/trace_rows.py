"""Writing and reading the traces of calls. Every function runs in the scope of the account whose calls they are."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError, transaction

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import ensure_partition, first_of_month
from apps.pbx.callflows.ending import EndedCall, perform
from apps.pbx.callflows.models import CallTrace

log = logging.getLogger(__name__)
#: A call may come back to the flows again and again (transfers); its first steps say most.
MOST_KEPT = 500
_TEXTS = ["callflow_id", "interaction_id", "caller_id_number", "destination", "hangup_cause"]
_WRITTEN = ["steps", "variables", *_TEXTS]


@dataclass
class Trace:
    """One call's steps so far. `started` is its first moment, which names the row."""

    call_id: str
    account_id: str
    started: datetime
    interaction_id: str = ""
    callflow_id: str = ""
    caller_id_number: str = ""
    destination: str = ""
    hangup_cause: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)
    #: Reads the variables the flow has set on the call by now.
    variables_now: Callable[[], Mapping[str, str]] = dict

    @property
    def row_id(self) -> str:
        naming = hashlib.md5(self.call_id.encode(), usedforsecurity=False).hexdigest()
        return monthly_id(self.started, naming)

    def to_row(self) -> CallTrace:
        row = CallTrace(
            id=self.row_id,
            month=first_of_month(self.started.astimezone(UTC)).date(),
            account_id=current_account_id(),
            started=self.started,
            steps=self.steps[:MOST_KEPT],
            variables={name: value.replace("\0", "") for name, value in self.variables_now().items()},
        )
        for name in ("call_id", *_TEXTS):
            width = CallTrace._meta.get_field(name).max_length  # type: ignore[union-attr]
            setattr(row, name, getattr(self, name)[:width])
        return row


def write_traces(traces: Sequence[Trace]) -> None:
    """Write them as they are now, over what was written before."""
    for month in {trace.started.strftime("%Y%m"): trace.started for trace in traces}.values():
        ensure_partition(CallTrace, month)
    CallTrace.objects.bulk_create(
        [trace.to_row() for trace in traces],
        update_conflicts=True,
        unique_fields=["id", "month"],
        update_fields=_WRITTEN,
    )


def finish_traces(finished: Iterable[tuple[Trace, EndedCall]]) -> None:
    """Write them for the last time, and do what was left to be done at the end of each of these calls.

    Whoever finishes a call first does its duties; a second time nothing happens.
    """
    pairs = list(finished)
    try:
        write_traces([trace for trace, _ in pairs])
    except (DatabaseError, ValueError) as error:
        log.warning("the steps of %d calls could not be kept: %s", len(pairs), error)
    # In one transaction: where this process is killed, the call is not marked, and `leftovers` does its duties.
    with transaction.atomic():
        first = mark_ended([trace for trace, _ in pairs])
        for trace, ended in pairs:
            if trace.row_id in first:
                perform(ended)


@transaction.atomic
def mark_ended(traces: Sequence[Trace]) -> set[str]:
    """The row ids of those that had not been marked yet."""
    rows = CallTrace.objects.filter(
        id__in=[trace.row_id for trace in traces],
        month__in={first_of_month(trace.started.astimezone(UTC)).date() for trace in traces},
        ended=None,
    )
    found = set(rows.select_for_update().order_by("id").values_list("id", flat=True))
    CallTrace.objects.filter(id__in=found).update(ended=now(), variables={})
    return found


def steps_so_far(trace: Trace) -> list[dict[str, Any]]:
    """What an earlier call server, or an earlier visit of the call to the flows, wrote."""
    found = CallTrace.objects.filter(id=trace.row_id).values_list("steps", flat=True).first()
    return list(found or [])
