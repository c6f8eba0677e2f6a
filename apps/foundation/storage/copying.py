"""Bringing files to where the account's plan wants them, without ever having less than one whole copy.

A file is written to the storage, read back and compared by its checksum; only then its row names the new place, and
only when that is committed the old bytes go. A storage that fails leaves an error row and its file where it is; the
plan's second choice is taken meanwhile, and the first one is tried again until it takes the file.

One try at a time: whoever tries first moves `next_try`. A try that is cut off, wherever it is, is made again later.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from django.core.files.base import File
from django.db import transaction
from django.db.models import F

from apps.foundation.accounts.scope import AccountUnknown, account_scope, hold_account
from apps.foundation.events.publishing import publish
from apps.foundation.kit.clock import now
from apps.foundation.storage.errors import DamagedFile, NotStored
from apps.foundation.storage.events import FileKept, FileNotKept
from apps.foundation.storage.knowing import known_of
from apps.foundation.storage.models import AttachmentError, FileState, StoredFile
from apps.foundation.storage.places import attachment_name, file_storage, open_bytes
from apps.foundation.storage.removing import FIRST_WAIT, LEASE, LONGEST_WAIT, remove_later
from apps.foundation.storage_plans.backend import Backend, BackendSettings, FileFacts, pieces
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.models import AwaitedCopy, StorageHandler
from apps.foundation.storage_plans.paths import file_path
from apps.foundation.storage_plans.queries import Target, open_backend, placement

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Copy:
    handler_id: str
    place: str


def want_copy(file: StoredFile) -> bool:
    """Note, in the transaction that stored it, that the file is to go elsewhere, if its account's plan says so."""
    if not placement(file.kind).targets:
        return False
    AwaitedCopy.objects.update_or_create(id=file.id, defaults={"account_id": file.account_id, "next_try": now()})
    return True


def due_copies(most: int) -> list[tuple[str, str]]:
    """`(account id, file id)` of files whose time has come, the longest awaited first."""
    due = AwaitedCopy.objects.filter(next_try__lte=now()).order_by("next_try")[:most]
    return list(due.values_list("account_id", "id"))


def copy(account_id: str, file_id: str) -> bool:
    """Try once. True when the file is where it should be (or is gone), False when it has to be tried again."""
    if not AwaitedCopy.objects.filter(id=file_id, next_try__lte=now()).update(next_try=now() + LEASE):
        return True
    try:
        with account_scope(account_id):
            error = _copy(file_id)
    except AccountUnknown:  # deleted for a while, or for good: nothing of it is thrown away here
        error = "the account is not there"
    except (OSError, NotStored, DamagedFile) as problem:
        error = f"{type(problem).__name__}: {problem}"
    if error is None:
        AwaitedCopy.objects.filter(id=file_id).delete()
        return True
    log.warning("file %s of account %s is not where it should be: %s", file_id, account_id, error)
    _try_again(file_id, error)
    return False


def _try_again(file_id: str, error: str) -> None:
    row = AwaitedCopy.objects.filter(id=file_id).first()
    if row is not None:
        wait = min(FIRST_WAIT * 2 ** min(row.attempts, 12), LONGEST_WAIT)
        values = {"attempts": F("attempts") + 1, "error": error[:255], "next_try": now() + wait}
        AwaitedCopy.objects.filter(id=file_id).update(**values)


def _copy(file_id: str) -> str | None:
    """What keeps the file from its first choice; None where nothing does."""
    file: StoredFile | None = StoredFile.across_accounts.filter(id=file_id).first()
    if file is None or file.state != FileState.STORED:
        return None
    targets = placement(file.kind).targets
    if not targets:
        _bring_home(file)
        return None
    problem: str | None = None
    for target in targets:
        if file.handler_id == target.handler.id:
            return problem
        try:
            _bring(file, target)
            return problem
        except (BackendError, DamagedFile) as error:
            problem = problem or str(error)
    return problem


def _bring(file: StoredFile, target: Target) -> None:
    """Raises BackendError and DamagedFile where the storage will not have it; NotStored where it cannot be read."""
    handler, path = target.handler, ""
    known = known_of(file)
    try:
        backend = open_backend(handler)
        path = file_path(BackendSettings.model_validate(handler.settings), target.folder, known)
        facts = FileFacts(file.size, file.sha256, file.content_type, file.name, known)
        with open_bytes(file) as content:
            place = backend.write(path, content, facts)
        _verify(backend, place, file)
    except (BackendError, DamagedFile) as error:
        _note_error(file, handler, path, error)
        raise
    _settle(file, _Copy(handler.id, place))
    log.info("%s is kept at %s (%s)", file, handler, place)


def _verify(backend: Backend, place: str, file: StoredFile) -> None:
    digest = hashlib.sha256()
    with backend.open(place, file.size) as kept:
        for piece in pieces(kept):
            digest.update(piece)
    if digest.hexdigest() != file.sha256:
        backend.delete(place)
        raise DamagedFile("what the storage gave back is not what was given to it")


def _bring_home(file: StoredFile) -> None:
    if not file.handler_id:
        return
    with open_bytes(file) as content:
        path = file_storage().save(file.path, File(content))
    digest = hashlib.sha256()
    with file_storage().open(path, "rb") as kept:
        for piece in pieces(kept):
            digest.update(piece)
    if digest.hexdigest() != file.sha256:
        file_storage().delete(path)
        raise DamagedFile("what was read is not what was written")
    _settle(file, _Copy("", ""), path)


@transaction.atomic
def _settle(file: StoredFile, kept: _Copy, path: str = "") -> None:
    """The row names the new place, and the bytes at the old one are to go."""
    hold_account()
    row: StoredFile | None = StoredFile.across_accounts.select_for_update().filter(id=file.id).first()
    if row is not None and kept.handler_id and (row.handler_id, row.place) == (kept.handler_id, kept.place):
        return  # somebody else has just done the same
    if row is None or (row.handler_id, row.place) != (file.handler_id, file.place):
        # It was deleted, or brought elsewhere, in the meantime: this copy is nobody's.
        unwanted = StoredFile(account_id=file.account_id, handler_id=kept.handler_id, place=kept.place, path=path)
        remove_later(unwanted)
        return
    remove_later(row)
    row.handler_id, row.place, row.path = kept.handler_id, kept.place, path or row.path
    row.save(update_fields=["handler_id", "place", "path"])
    errors = AttachmentError.objects.filter(file_id=file.id, handler_id=kept.handler_id, resolved=None)
    errors.update(resolved=now())
    publish(FileKept(file.account_id, file.id, file.kind, file.name, file.size))


@transaction.atomic
def _note_error(file: StoredFile, handler: StorageHandler, path: str, error: Exception) -> None:
    hold_account()
    said = error if isinstance(error, BackendError) else BackendError(str(error))
    values = {"reason": str(said)[:255], "status": said.status, "body": said.body, "modified": now(), "resolved": None}
    known = AttachmentError.objects.filter(file_id=file.id, handler_id=handler.id)
    if known.update(attempts=F("attempts") + 1, **values):
        return
    AttachmentError.objects.create(
        account_id=file.account_id,
        file_id=file.id,
        handler_id=handler.id,
        handler_key=handler.key,
        handler_kind=handler.kind,
        kind=file.kind,
        attachment_name=attachment_name(file),
        path=path[:1024],
        **values,
    )
    publish(FileNotKept(file.account_id, file.id, file.kind, file.name, str(said)))
