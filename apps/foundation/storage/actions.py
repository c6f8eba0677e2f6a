"""Every write of a file, inside `account_scope`.

Bytes are written before their row is committed and removed after the row's removal is: a row never names bytes that
are not there, and at worst bytes stay that no row names.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from celery import current_app
from django.core.files.base import File
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope, current_account_id, hold_account
from apps.foundation.audit.actions import record
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.foundation.storage.arrivals import arrived
from apps.foundation.storage.copying import want_copy
from apps.foundation.storage.errors import DamagedFile, FileTooLarge, NotStored
from apps.foundation.storage.events import FileStored
from apps.foundation.storage.models import FileState, StoredFile
from apps.foundation.storage.places import file_storage, open_bytes, remove_here
from apps.foundation.storage.removing import remove_later
from apps.foundation.storage_plans.models import StorageHandler
from apps.foundation.storage_plans.queries import handler_of, is_held, open_backend

log = logging.getLogger(__name__)

#: Bytes of a file that are held in memory while it is written; more goes through a temporary file.
IN_MEMORY = 4 * 1024 * 1024
CHUNK = 64 * 1024
#: Suffixes by content type; what is not here is kept as `.bin`.
SUFFIXES = {
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/flac": ".flac",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "image/tiff": ".tiff",
}
Content = bytes | IO[bytes]


@transaction.atomic
def store_file(kind: str, name: str, content_type: str, content: Content, *, limit: int | None = None) -> StoredFile:
    """Write a file of the scope's account. Raises FileTooLarge for more than `limit` bytes."""
    hold_account()
    file = _new(kind, name, content_type, FileState.STORED)
    _write(file, content, limit)
    file.save(force_insert=True)
    _copy_soon(file)
    return file


@transaction.atomic
def await_file(kind: str, name: str, content_type: str) -> StoredFile:
    """A row for a file that is still somewhere else. `receive_file` brings its bytes."""
    hold_account()
    file = _new(kind, name, content_type, FileState.AWAITED)
    file.save(force_insert=True)
    return file


@transaction.atomic
def receive_file(file_id: str, content: Content, *, limit: int | None = None) -> StoredFile:
    """Take in the bytes of an awaited file, tell who waits for it, and announce it. One that is here already stays as
    it is. Raises NotStored where there is no such file, FileTooLarge and DamagedFile."""
    hold_account()
    file: StoredFile | None = StoredFile.objects.select_for_update().filter(id=file_id).first()
    if file is None:
        raise NotStored(file_id)
    if file.state == FileState.STORED:
        return file
    _write(file, content, limit)
    file.state, file.error = FileState.STORED, ""
    file.save()
    arrived(file)
    _copy_soon(file)
    publish(FileStored(file.account_id, file.id, file.kind, file.name, file.size))
    return file


@transaction.atomic
def note_failure(file_id: str, error: str) -> None:
    """An awaited file could not be fetched this time."""
    hold_account()
    file: StoredFile | None = StoredFile.objects.select_for_update().filter(id=file_id).first()
    if file is not None and file.state != FileState.STORED:
        file.state, file.error, file.attempts = FileState.FAILED, error[:255], file.attempts + 1
        file.save()


@transaction.atomic
def delete_file(file: StoredFile) -> None:
    """Remove a file; its bytes go when the transaction is committed. Under a legal hold it is only seen no more."""
    hold_account()
    row: StoredFile | None = StoredFile.objects.select_for_update().filter(id=file.id).first()
    if row is None:
        return
    if is_held(row.kind):
        row.deleted = now()
        row.save(update_fields=["deleted"])
        return
    row.delete()
    row.id = file.id
    if row.state == FileState.STORED:
        remove_later(row)


@transaction.atomic
def retry_copy(file_id: str, principal: Principal) -> None:
    """Try to keep a file at its storage now. Nothing happens where it is there."""
    hold_account()
    file: StoredFile | None = StoredFile.objects.filter(id=file_id).first()
    if file is not None:
        _copy_soon(file)
        record(principal, "file.retried", "file", file.id, {}, {})


@transaction.atomic
def note_download(principal: Principal, target_type: str, target_id: str) -> None:
    """The audit trail says who was given what."""
    hold_account()
    record(principal, f"{target_type}.downloaded", target_type, target_id, {}, {})


def open_file(file: StoredFile) -> IO[bytes]:
    """The file for reading from any place on, wherever it is kept; close it. Raises NotStored."""
    return open_bytes(file)


def read_file(file: StoredFile) -> bytes:
    """All of it. Raises NotStored."""
    with open_file(file) as opened:
        return opened.read()


def chunks(opened: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    """The bytes from `first` to `last`, both included, in pieces of 64 kB."""
    opened.seek(first)
    left = last - first + 1
    while left > 0 and (piece := opened.read(min(CHUNK, left))):
        left -= len(piece)
        yield piece


def remove_account_files(account: Account) -> None:
    """The account is removed for good: so are its bytes, when that is committed."""
    with account_scope(account):
        files = list(StoredFile.across_accounts.filter(account_id=account.id))
        elsewhere = [(handler_of(file.handler_id), file.place) for file in files if file.handler_id]
    transaction.on_commit(partial(remove_here, [file.path for file in files if not file.handler_id]))
    transaction.on_commit(partial(_remove_elsewhere, elsewhere))


def _remove_elsewhere(places: list[tuple[StorageHandler, str]]) -> None:
    for handler, place in places:
        try:
            open_backend(handler).delete(place)
        except OSError:
            log.exception("%s could not be removed from %s", place, handler)


def _new(kind: str, name: str, content_type: str, state: FileState) -> StoredFile:
    file_id, account_id = new_id(), current_account_id()
    suffix = SUFFIXES.get(content_type, ".bin")
    path = f"{account_id}/{kind}/{now():%Y%m}/{file_id}{suffix}"
    return StoredFile(
        id=file_id,
        account_id=account_id,
        kind=kind,
        name=name[:255],
        content_type=content_type,
        path=path,
        state=state,
    )


def _write(file: StoredFile, content: Content, limit: int | None) -> None:
    digest, size = hashlib.sha256(), 0
    with SpooledTemporaryFile(IN_MEMORY) as gathered:
        for piece in _pieces(content):
            size += len(piece)
            if limit is not None and size > limit:
                raise FileTooLarge(limit)
            digest.update(piece)
            gathered.write(piece)
        gathered.seek(0)
        storage = file_storage()
        opened: File[Any] = File(gathered)
        # A file system keeps the name it is given; a try that was cut off may have left one, which is in nobody's row.
        file.path = storage.save(file.path, opened)
    if (kept := storage.size(file.path)) != size:
        storage.delete(file.path)
        raise DamagedFile(f"the storage kept {kept} of {size} bytes")
    file.size, file.sha256 = size, digest.hexdigest()


def _pieces(content: Content) -> Iterable[bytes]:
    if isinstance(content, bytes):
        return [content]
    return iter(lambda: content.read(CHUNK), b"")


def _copy_soon(file: StoredFile) -> None:
    if want_copy(file):
        transaction.on_commit(partial(_hand_over, file.account_id, file.id))


def _hand_over(account_id: str, file_id: str) -> None:
    try:
        current_app.send_task("storage.copy", (account_id, file_id))
    except OperationalError:  # no broker: the row is there, and the periodic task finds it
        log.warning("file %s will be copied later: the broker is away", file_id)
