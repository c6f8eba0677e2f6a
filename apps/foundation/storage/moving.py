"""Moving files that are already kept: after a plan was changed, those written before follow it.

A move is nothing but rows of `AwaitedCopy`: the same job copies them, with the same care, and what is left of them is
its progress.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from apps.foundation.accounts.scope import current_account_id, hold_account
from apps.foundation.audit.actions import record
from apps.foundation.crossbar.errors import Conflict
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now, to_gregorian
from apps.foundation.storage.models import FileState, StorageMove, StoredFile
from apps.foundation.storage_plans.models import AwaitedCopy
from apps.foundation.storage_plans.queries import TYPES, placement

_BATCH = 1000


@transaction.atomic
def start_move(kinds: Iterable[str], principal: Principal) -> StorageMove:
    """Bring the account's files of these kinds (empty: all) to the first choice of the plan that counts now, or back
    here where it wants them here. Raises Conflict while another move runs."""
    hold_account()
    account_id = current_account_id()
    if any(progress(move)["state"] == "running" for move in StorageMove.objects.order_by("-created")[:20]):
        raise Conflict(_("files are being moved already"))
    move: StorageMove = StorageMove.objects.create(account_id=account_id, kinds=sorted(set(kinds)))
    for kind in move.kinds or sorted(TYPES):
        targets = placement(kind).targets
        wanted = targets[0].handler.id if targets else ""
        files = StoredFile.across_accounts.filter(account_id=account_id, kind=kind, state=FileState.STORED)
        ids = files.exclude(handler_id=wanted).values_list("id", flat=True)
        move.total += _queue(ids.iterator(_BATCH), account_id, move.id)
    move.save(update_fields=["total"])
    record(principal, "storage.move_started", "storage_move", move.id, {}, {"kinds": move.kinds, "total": move.total})
    transaction.on_commit(_begin)
    return move


@transaction.atomic
def stop_move(move: StorageMove, principal: Principal) -> StorageMove:
    """What was not moved yet stays where it is."""
    hold_account()
    if AwaitedCopy.objects.filter(move_id=move.id).delete()[0]:
        StorageMove.objects.filter(id=move.id).update(stopped=now())
        move.refresh_from_db()
        record(principal, "storage.move_stopped", "storage_move", move.id, {}, {})
    return move


def progress(move: StorageMove) -> dict[str, Any]:
    """Counts and percent. `failed` files were tried, and are tried again."""
    rows = AwaitedCopy.objects.filter(move_id=move.id)
    left, failed = rows.count(), rows.filter(attempts__gt=0).count()
    moved = move.total - left
    state = "stopped" if move.stopped else "running" if left else "done"
    problem = rows.exclude(error="").values_list("error", flat=True).first()
    return (
        {
            "id": move.id,
            "kinds": move.kinds,
            "state": state,
            "created": to_gregorian(move.created),
            "total": move.total,
            "failed": failed,
        }
        | ({} if move.stopped else {"moved": moved, "percent": 100 * moved // move.total if move.total else 100})
        | ({"reason": problem} if problem else {})
    )


def _queue(ids: Iterable[str], account_id: str, move_id: str) -> int:
    count = 0
    rows: list[AwaitedCopy] = []
    for file_id in ids:
        rows.append(AwaitedCopy(id=file_id, account_id=account_id, move_id=move_id))
        if len(rows) == _BATCH:
            count += _insert(rows)
            rows = []
    return count + _insert(rows)


def _insert(rows: list[AwaitedCopy]) -> int:
    AwaitedCopy.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["id"], update_fields=["move_id", "next_try", "attempts"]
    )
    return len(rows)


def _begin() -> None:
    try:
        current_app.send_task("storage.copy_due")
    except OperationalError:
        pass  # it runs every minute by itself
