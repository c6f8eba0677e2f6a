"""What a handler may return besides plain data (which is answered as 200 in the envelope)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` with more to say: status, revision (becomes the ETag), location, more envelope keys, headers."""

    data: Any
    status: int = 200
    revision: str | None = None
    location: str | None = None
    envelope: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binary:
    """A file as it is; byte ranges are honoured. `content_type` is the media type."""

    content: bytes
    content_type: str
    file_name: str = ""
    revision: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Download:
    """A file that may be large, sent in pieces; byte ranges are honoured. `size` in bytes; `opened` is closed when all
    is sent. `inline` shows it where it is, `revision` is the ETag."""

    opened: IO[bytes]
    size: int
    content_type: str
    file_name: str
    revision: str
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows to be filtered, paged and written as JSON or CSV. `order` is a column, newest first with a leading "-".

    `summarize` makes a row's summary, `document` the whole public document that filters look into.
    """

    rows: QuerySet[Any]
    summarize: Callable[[Any], Mapping[str, Any]]
    document: Callable[[Any], Mapping[str, Any]]
    order: str = "name"
    ranges: Mapping[str, str] = field(default_factory=dict)
    #: Column that is bounded to the last 31 days unless the client gives a range of at most that length.
    time_column: str | None = None
    #: Reads what the summaries of a page need in one query, before they are made.
    prepare: Callable[[list[Any]], None] | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """A list that is already made: paged, filtered and written as JSON or CSV like any other."""

    rows: Iterable[Mapping[str, Any]]
