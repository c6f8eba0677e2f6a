from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from apps.foundation.kit.ids import new_id
from apps.foundation.storage_plans.backend import Backend, BackendSettings, FileFacts, pieces
from apps.foundation.storage_plans.errors import BackendError, NothingThere


class LocalSettings(BackendSettings):
    """A folder of this installation; nothing has to be said."""


class Local(Backend):
    """The disk: a folder per account below `storage` in the installation's home. Mount there what is to hold it."""

    settings_shape = LocalSettings

    def __init__(self, settings_: Mapping[str, Any], owner_id: str = "") -> None:
        super().__init__(settings_, owner_id)
        self._folder = Path(settings.STORAGE_DIRECTORY) / (owner_id or "system")

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        target = self._inside(path)
        unfinished = target.with_name(f".{new_id()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with unfinished.open("xb") as written:
                for piece in pieces(content):
                    written.write(piece)
                written.flush()
                os.fsync(written.fileno())
            unfinished.replace(target)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise BackendError(f"The disk refused: {error.strerror or error}") from error
        return path

    def read(self, place: str, first: int, last: int) -> bytes:
        with self.open(place, 0) as opened:
            opened.seek(first)
            return opened.read(last - first + 1)

    def open(self, place: str, size: int) -> IO[bytes]:
        try:
            return self._inside(place).open("rb")
        except FileNotFoundError as error:
            raise NothingThere("There is no such file on the disk") from error
        except OSError as error:
            raise BackendError(f"The disk refused: {error.strerror or error}") from error

    def delete(self, place: str) -> None:
        try:
            self._inside(place).unlink(missing_ok=True)
        except OSError as error:
            raise BackendError(f"The disk refused: {error.strerror or error}") from error

    def _inside(self, path: str) -> Path:
        target = self._folder / path
        if not target.resolve().is_relative_to(self._folder.resolve()):
            raise BackendError("The path leads out of the storage")
        return target
