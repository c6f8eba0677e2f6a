"""Bringing files to their storages, and removing them there."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from celery import shared_task

from apps.foundation.accounts.scope import account_scope, schema_scope
from apps.foundation.kit.clock import now
from apps.foundation.storage import copying, personal, removing
from apps.foundation.storage.actions import note_failure
from apps.foundation.storage.errors import StorageError
from apps.foundation.storage.expiry import expire_schema
from apps.foundation.storage.models import AttachmentError
from apps.foundation.tenants.models import Tenant

#: Seconds one run works on what is due; what is left is the next one's.
BUDGET = 50.0
BATCH = 100
#: Days an error is shown after its file was taken.
SHOWN_FOR = timedelta(days=31)


@shared_task(name="storage.copy")
def copy_file(account_id: str, file_id: str) -> bool:
    """Bring a file to its storage now; a failure is tried again by `storage.copy_due`."""
    return copying.copy(account_id, file_id)


@shared_task(name="storage.copy_due")
def copy_due() -> int:
    """Bring every file to its storage whose time has come. Answers how many were tried."""
    ends, count = time.monotonic() + BUDGET, 0
    while time.monotonic() < ends and (due := copying.due_copies(BATCH)):
        for account_id, file_id in due:
            copying.copy(account_id, file_id)
        count += len(due)
    while time.monotonic() < ends and (removals := removing.due_removals(BATCH)):
        for removal_id in removals:
            removing.remove(removal_id)
        count += len(removals)
    return count


@shared_task(name="storage.export_person", bind=True, max_retries=10)
def export_person(self: Any, account_id: str, file_id: str) -> None:
    """Gather what is kept of a person, and again where a storage is away."""
    with account_scope(account_id):
        try:
            personal.make_export(file_id)
        except (OSError, StorageError) as error:
            note_failure(file_id, str(error))
            raise self.retry(countdown=min(60 * 2**self.request.retries, 3600)) from error


@shared_task(name="storage.erase_person")
def erase_person(account_id: str, user_id: str) -> dict[str, int]:
    """Remove what is kept of a person."""
    with account_scope(account_id):
        return personal.erase(user_id)


@shared_task(name="storage.expire")
def expire() -> int:
    """Remove files older than their accounts keep them. Answers how many."""
    return sum(expire_schema(schema) for schema in list(Tenant.objects.values_list("schema_name", flat=True)))


@shared_task(name="storage.forget_errors")
def forget_errors() -> int:
    """Remove errors that were overcome a month ago. Answers how many."""
    count = 0
    for schema in list(Tenant.objects.values_list("schema_name", flat=True)):
        with schema_scope(schema):
            count += AttachmentError.across_accounts.filter(resolved__lt=now() - SHOWN_FOR).delete()[0]
    return count
