"""Writes to the directory of blocked callers. Callers hold the transaction of the blacklist or account it follows."""

from __future__ import annotations

from collections.abc import Iterable

from apps.pbx.blocked_callers.models import BlockedCaller


def block_only(account_id: str, numbers: Iterable[str]) -> None:
    """Have exactly these numbers blocked for the account."""
    wanted = set(numbers)
    rows = BlockedCaller.objects.filter(account_id=account_id)
    present = set(rows.values_list("number", flat=True))
    if gone := present - wanted:
        rows.filter(number__in=gone).delete()
    new = [BlockedCaller(account_id=account_id, number=number) for number in sorted(wanted - present)]
    BlockedCaller.objects.bulk_create(new, batch_size=1000, ignore_conflicts=True)
