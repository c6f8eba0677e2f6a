"""Files older than their account keeps them, and files that were deleted under a legal hold which is lifted.

An app whose rows name files of a kind removes an old one together with its row; it registers in `AppConfig.ready`:

    when_old("recording", remove_recording_of)

A reaction runs in the account's scope and removes the file. Files of kinds nobody registered for are just deleted, but
for `media` and `greeting`: what somebody configured has no age.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction

from apps.foundation.accounts.scope import AccountUnknown, account_scope, hold_account, schema_scope
from apps.foundation.audit.actions import record
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.foundation.storage.actions import delete_file
from apps.foundation.storage.models import FileKind, FileState, StoredFile
from apps.foundation.storage.personal import tend_exports
from apps.foundation.storage.removing import remove_later
from apps.foundation.storage_plans.queries import is_held, placement

log = logging.getLogger(__name__)
Reaction = Callable[[StoredFile], None]
_reactions: dict[str, Reaction] = {}
#: Kinds that have an age.
AGING = ("recording", "voicemail", "fax", "cdr")
BATCH = 500


def when_old(kind: str, reaction: Reaction) -> None:
    """The last one counts."""
    _reactions[kind] = reaction


def expire_schema(schema: str) -> int:
    """Remove what is too old in one schema. Answers how many files."""
    with schema_scope(schema):
        aging = StoredFile.across_accounts.filter(kind__in=[*AGING, FileKind.EXPORT], deleted=None)
        account_ids = list(aging.order_by().values_list("account_id", flat=True).distinct())
        lifted = StoredFile.across_accounts.exclude(deleted=None)
        account_ids += lifted.order_by().values_list("account_id", flat=True).distinct()
    count = 0
    for account_id in dict.fromkeys(account_ids):
        try:
            with account_scope(account_id):
                count += sum(_expire(account_id, kind) for kind in AGING) + _purge(account_id) + tend_exports()
        except AccountUnknown:
            continue
    return count


def _expire(account_id: str, kind: str) -> int:
    days = placement(kind).retention_days
    if days is None or is_held(kind):
        return 0
    old = StoredFile.objects.filter(kind=kind, created__lt=now() - timedelta(days=days), state=FileState.STORED)
    count, after = 0, ""
    while batch := list(old.filter(id__gt=after).order_by("id")[:BATCH]):
        after = batch[-1].id
        for file in batch:
            try:
                _remove_old(account_id, file)
                count += 1
            except Exception:
                log.exception("%s is too old, and could not be removed", file)
    return count


@transaction.atomic
def _remove_old(account_id: str, file: StoredFile) -> None:
    hold_account()
    _reactions.get(file.kind, delete_file)(file)
    delete_file(file)  # where the reaction knew of no row
    record(system_principal(account_id), "file.expired", "file", file.id, {"kind": file.kind, "name": file.name}, {})


def _purge(account_id: str) -> int:
    """Remove for good what was deleted while it was held, where nothing holds it any more."""
    count = 0
    for file in StoredFile.across_accounts.filter(account_id=account_id).exclude(deleted=None)[:BATCH]:
        if not is_held(file.kind):
            with transaction.atomic():
                hold_account()
                remove_later(file)
                StoredFile.across_accounts.filter(id=file.id).delete()
            count += 1
    return count
