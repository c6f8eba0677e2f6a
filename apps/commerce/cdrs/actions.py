"""Call records come in by batches, are written once, and are never changed afterwards."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable

from django.db import DatabaseError, OperationalError, transaction

from apps.commerce.cdrs.legs import FinishedLeg, NotARecord
from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.scope import AccountElsewhere, AccountUnknown, account_scope, hold_account
from apps.foundation.kit.partitions import ensure_partition

log = logging.getLogger(__name__)
#: How often an account may be moved while one batch of its records is written.
_MOVES = 5


def record_legs(legs: Iterable[FinishedLeg]) -> dict[str, str]:
    """Write the records of these legs, one transaction for each account. One that is there already stays as it is.

    Answers why a leg was not written, by call id. Raises OperationalError where the database is away: none of the
    failed account's legs is written then, and handing them in again is right.
    """
    refused: dict[str, str] = {}
    by_account: dict[str, list[FinishedLeg]] = defaultdict(list)
    for leg in legs:
        try:
            leg.check()
            by_account[leg.account_id].append(leg)
        except NotARecord as error:
            refused[leg.call_id] = str(error)
    for account_id, together in by_account.items():
        refused |= _write_where_it_lives(account_id, together)
    return refused


def _write_where_it_lives(account_id: str, legs: list[FinishedLeg]) -> dict[str, str]:
    """An account may be moved to another schema meanwhile: its records then follow it there."""
    for _attempt in range(_MOVES):
        try:
            with account_scope(account_id):
                return _write(legs)
        except AccountElsewhere:
            continue
        except AccountUnknown:
            return {leg.call_id: f"there is no account {account_id[:32]!r}" for leg in legs}
    raise OperationalError(f"the account {account_id} is being moved all the time")


def _write(legs: list[FinishedLeg]) -> dict[str, str]:
    try:
        _insert(legs)
    except OperationalError:
        raise
    except (DatabaseError, ValueError) as error:
        if len(legs) == 1:
            log.warning("the record of %s could not be written: %s", legs[0].call_id, error)
            return {legs[0].call_id: f"it could not be written: {error}".partition("\n")[0]}
        # One bad leg must not keep the others out: they go in one by one.
        return {call_id: why for leg in legs for call_id, why in _write([leg]).items()}
    return {}


@transaction.atomic
def _insert(legs: list[FinishedLeg]) -> None:
    hold_account()
    for started in {leg.started.strftime("%Y%m"): leg.started for leg in legs}.values():
        ensure_partition(CallRecord, started)
    CallRecord.across_accounts.bulk_create([leg.to_record() for leg in legs], ignore_conflicts=True)
