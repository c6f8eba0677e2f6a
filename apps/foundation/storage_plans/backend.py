"""What a kind of storage is: four verbs and the settings it asks for."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape

#: Bytes fetched at a time by whoever reads a file in pieces, and sent at a time by whoever writes one.
BLOCK = 1024 * 1024
PIECE = 64 * 1024


class PathField(Shape):
    """A part of the path: exactly one of these."""

    arg: Literal["account_id", "db", "id", "attachment"] | None = Field(
        None, description="`attachment` is the file's own name: its id and suffix; `db` the account and the month."
    )
    const: str | None = Field(None, description="A fixed text.")
    field: str | None = Field(None, description="What is known of the file: `kind`, `year`, `call_id` …")
    group: list[PathField] | None = Field(None, description="Parts put together without a separator.")


class BackendSettings(Shape):
    """How the path of a file is made, for every kind of storage."""

    folder_base_path: str = Field("", max_length=512, description="A folder below which everything is kept.")
    path_template: str | None = Field(
        None,
        max_length=512,
        description="The path of a file, with words in braces: `{account_id}`, `{kind}`, `{year}`, `{month}`, `{day}`, "
        "`{id}`, `{attachment}` (id and suffix) and what is known of the file (`{call_id}`, `{caller_id_number}` …).",
        examples=["{account_id}/{year}/{month}/{kind}/{attachment}"],
    )
    field_list: list[PathField] | None = Field(None, description="The path in KAZOO's way: its parts, in order.")
    field_separator: str = Field("/", max_length=8, description="What stands between the parts of `field_list`.")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a storage is told of a file. `size` in bytes, `sha256` in hex digits; `metadata` is for those who keep some
    beside the file."""

    size: int
    sha256: str
    content_type: str
    name: str
    metadata: Mapping[str, str]


class Backend:
    """One storage, reached with one set of settings. Every method blocks and raises `BackendError`."""

    name: ClassVar[str]
    settings_shape: ClassVar[type[BackendSettings]]
    #: Settings that are encrypted at rest and never shown.
    secrets: ClassVar[tuple[str, ...]] = ()
    #: Settings whose change leaves the files written before where they are: credentials and habits.
    movable: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Mapping[str, Any], owner_id: str = "") -> None:
        """`owner_id` is the account whose storage this is."""
        self.owner_id = owner_id

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        """Keep a file at `path` (relative, no `..`); the answer is what the other verbs find it by."""
        raise NotImplementedError

    def read(self, place: str, first: int, last: int) -> bytes:
        """The bytes from `first` to `last`, both included. Raises `NothingThere`."""
        raise NotImplementedError

    def open(self, place: str, size: int) -> IO[bytes]:
        """The file for reading from any place on. Raises `NothingThere`, then or when it is read."""
        return io.BufferedReader(_InBlocks(self, place, size), BLOCK)

    def delete(self, place: str) -> None:
        """Remove a file; one that is not there is no error."""
        raise NotImplementedError


class _InBlocks(io.RawIOBase):
    """A file that is fetched as it is read."""

    def __init__(self, backend: Backend, place: str, size: int) -> None:
        self._backend, self._place, self._size, self._at = backend, place, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(BLOCK) or b"", b""))

    def readinto(self, buffer: Any) -> int:
        last = min(self._at + len(buffer), self._size) - 1
        if last < self._at:
            return 0
        got = self._backend.read(self._place, self._at, last)
        buffer[: len(got)] = got
        self._at += len(got)
        return len(got)


def pieces(content: IO[bytes]) -> Iterator[bytes]:
    """All of it, in pieces of 64 kB."""
    while piece := content.read(PIECE):
        yield piece


def part(content: IO[bytes], size: int) -> Iterator[bytes]:
    """The next `size` bytes of it, in pieces."""
    while size > 0 and (piece := content.read(min(PIECE, size))):
        size -= len(piece)
        yield piece
