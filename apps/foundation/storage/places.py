"""Where a file's bytes are: in the storage called `files`, or at the storage its row names."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import IO

from django.core.files.storage import Storage, storages

from apps.foundation.storage.errors import NotStored
from apps.foundation.storage.models import FileState, StoredFile
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.queries import handler_of, open_backend

log = logging.getLogger(__name__)


def file_storage() -> Storage:
    """Where the bytes lie that are here."""
    return storages["files"]


def open_bytes(file: StoredFile) -> IO[bytes]:
    """The file for reading from any place on; close it. Raises NotStored, also where its storage is away."""
    if file.state != FileState.STORED:
        raise NotStored(file.id)
    try:
        return _open(file)
    except (FileNotFoundError, BackendError) as error:
        current = StoredFile.across_accounts.filter(id=file.id).first()
        # It may have been brought to another place since its row was read.
        if current is None or (current.handler_id, current.place) == (file.handler_id, file.place):
            raise NotStored(f"{file.id}: {error}") from error
        try:
            return _open(current)
        except (FileNotFoundError, BackendError) as still:
            raise NotStored(f"{file.id}: {still}") from still


def _open(file: StoredFile) -> IO[bytes]:
    if not file.handler_id:
        opened: IO[bytes] = file_storage().open(file.path, "rb")
        return opened
    remote = open_backend(handler_of(file.handler_id)).open(file.place, file.size)
    remote.read(1)  # what cannot be read is to be known now
    remote.seek(0)
    return remote


def remove_here(paths: Iterable[str]) -> None:
    for path in paths:
        try:
            file_storage().delete(path)
        except OSError:
            log.exception("%s could not be removed", path)


def attachment_name(file: StoredFile) -> str:
    """Its id and suffix."""
    return f"{file.id}{PurePosixPath(file.path).suffix}"
