"""What a switch recorded becomes a file of the account, and nothing of it is lost on the way.

`keep_recorded` writes down that the file is awaited; a task then fetches it, at once and again until it is here. The
file stays on the switch until its bytes are in the storage.

A file that is about to be written is announced with `expect_recorded` and fetched once `recording_ended` says so; where
nobody ever does, at the latest moment it was announced with.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.db import transaction
from kombu.exceptions import OperationalError

from apps.foundation.kit.clock import now
from apps.foundation.storage.actions import await_file, delete_file
from apps.foundation.storage.models import FileState, StoredFile
from apps.foundation.storage.queries import switch_url
from apps.switching.calls.commands import recorded_path
from apps.switching.calls.models import RecordedFile
from apps.switching.calls.tasks import fetch_recorded

log = logging.getLogger(__name__)


@transaction.atomic
def keep_recorded(kind: str, path: str, *, switch: str, name: str, content_type: str = "audio/wav") -> StoredFile:
    """The stored file that `path` (absolute, on the node `switch`) will become. Runs in the account's scope.

    Who registered for the `kind` with `storage.arrivals.when_stored` is told when it is here. Raises UnsafeValue for a
    path that is not below a `recordings` folder.
    """
    recorded_path(path)
    file = await_file(kind, name, content_type)
    RecordedFile.objects.create(id=file.id, account_id=file.account_id, switch=switch, path=path)
    transaction.on_commit(partial(_fetch_soon, file.account_id, file.id))
    return file


@transaction.atomic
def expect_recorded(
    kind: str, path: str, *, switch: str, name: str, within: timedelta, content_type: str = "audio/wav"
) -> StoredFile:
    """The same for a file that the switch is going to write: it is complete `within` that time at the latest."""
    recorded_path(path)
    file = await_file(kind, name, content_type)
    RecordedFile.objects.create(
        id=file.id, account_id=file.account_id, switch=switch, path=path, next_try=now() + within
    )
    return file


@transaction.atomic
def recording_ended(account_id: str, file_ids: Iterable[str]) -> None:
    """What `expect_recorded` announced is complete: have it fetched now."""
    for file_id in file_ids:
        if RecordedFile.objects.filter(id=file_id, account_id=account_id, attempts=0).update(next_try=now()):
            transaction.on_commit(partial(_fetch_soon, account_id, file_id))


@transaction.atomic
def drop_recorded(file: StoredFile) -> None:
    """Remove a file, fetched or not. Its copy on the switch is removed by the next try to fetch it."""
    RecordedFile.objects.filter(id=file.id).update(next_try=file.created)
    delete_file(file)


def playable(file: StoredFile) -> str:
    """What `Call.play` takes for a file: its address, or, until it is stored, its path on the switch that recorded it
    (which only that switch can play). Empty where neither is there."""
    if file.state == FileState.STORED:
        return switch_url(file)
    path = RecordedFile.objects.filter(id=file.id).values_list("path", flat=True).first()
    return path or ""


def _fetch_soon(account_id: str, file_id: str) -> None:
    try:
        fetch_recorded.delay(account_id, file_id)
    except OperationalError:  # no broker: the row is there, and the periodic task finds it
        log.warning("file %s will be fetched later: the broker is away", file_id)
