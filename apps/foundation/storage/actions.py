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

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.db import transaction

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope, current_account_id, hold_account
from apps.foundation.events.publishing import publish
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.foundation.storage.arrivals import arrived
from apps.foundation.storage.errors import DamagedFile, FileTooLarge, NotStored
from apps.foundation.storage.events import FileStored
from apps.foundation.storage.models import FileState, StoredFile

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
    "image/tiff": ".tiff",
}
Content = bytes | IO[bytes]


def file_storage() -> Storage:
    """Where the bytes lie."""
    return storages["files"]


@transaction.atomic
def store_file(kind: str, name: str, content_type: str, content: Content, *, limit: int | None = None) -> StoredFile:
    """Write a file of the scope's account. Raises FileTooLarge for more than `limit` bytes."""
    hold_account()
    file = _new(kind, name, content_type, FileState.STORED)
    _write(file, content, limit)
    file.save(force_insert=True)
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
    """Remove a file; its bytes go when the transaction is committed."""
    hold_account()
    StoredFile.objects.filter(id=file.id).delete()
    transaction.on_commit(partial(_remove, [file.path]))


def open_file(file: StoredFile) -> IO[bytes]:
    """The file for reading from any place on; close it. Raises NotStored."""
    if file.state != FileState.STORED:
        raise NotStored(file.id)
    try:
        opened: IO[bytes] = file_storage().open(file.path, "rb")
    except FileNotFoundError as error:
        raise NotStored(file.id) from error
    return opened


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
        paths = list(StoredFile.objects.values_list("path", flat=True))
    transaction.on_commit(partial(_remove, paths))


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


def _remove(paths: Iterable[str]) -> None:
    for path in paths:
        try:
            file_storage().delete(path)
        except OSError:
            log.exception("%s could not be removed", path)
