"""What can go wrong at somebody's storage."""

from __future__ import annotations


class BackendError(OSError):
    """The storage did not do what it was asked, as a sentence: to whoever reads a file, a broken disk. `status` is its
    HTTP status where it has one, `body` the beginning of what it said."""

    def __init__(self, message: str, *, status: int | None = None, body: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = body[:4000]


class NothingThere(BackendError):
    """The storage does not have the file."""
