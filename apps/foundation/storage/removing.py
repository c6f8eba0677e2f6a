"""Removing bytes that no row names any more. What is to go is written down in the transaction that gives it up, so that
nothing stays behind, whoever is killed when."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

from django.db import transaction

from apps.foundation.kit.clock import now
from apps.foundation.storage.models import StoredFile
from apps.foundation.storage.places import file_storage
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.models import AwaitedRemoval
from apps.foundation.storage_plans.queries import handler_of, open_backend

log = logging.getLogger(__name__)
#: Longer than a try may take.
LEASE = timedelta(minutes=15)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
#: What storages answer that have nothing there (404), or never remove anything (405, 501).
_NOTHING_TO_DO = (404, 405, 501)


def remove_later(file: StoredFile) -> None:
    """Remove the bytes a row named: those here when that is committed, those elsewhere soon after; again and again
    where their storage is away."""
    place = file.place if file.handler_id else file.path
    row = AwaitedRemoval.objects.create(account_id=file.account_id, handler_id=file.handler_id, place=place)
    if not file.handler_id:
        transaction.on_commit(partial(remove, row.id))


def due_removals(most: int) -> list[str]:
    due = AwaitedRemoval.objects.filter(next_try__lte=now()).order_by("next_try")[:most]
    return list(due.values_list("id", flat=True))


def remove(removal_id: str) -> bool:
    """Try once. False when it has to be tried again."""
    if not AwaitedRemoval.objects.filter(id=removal_id, next_try__lte=now()).update(next_try=now() + LEASE):
        return True
    row = AwaitedRemoval.objects.get(id=removal_id)
    try:
        if row.handler_id:
            open_backend(handler_of(row.handler_id)).delete(row.place)
        else:
            file_storage().delete(row.place)
    except OSError as error:
        if not isinstance(error, BackendError) or error.status not in _NOTHING_TO_DO:
            log.warning("%s could not be removed: %s", row.place, error)
            wait = min(FIRST_WAIT * 2 ** min(row.attempts, 12), LONGEST_WAIT)
            values = {"attempts": row.attempts + 1, "error": str(error)[:255], "next_try": now() + wait}
            AwaitedRemoval.objects.filter(id=removal_id).update(**values)
            return False
    row.delete()
    return True
