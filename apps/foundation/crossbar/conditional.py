"""Revisions, ETags and conditional requests (RFC 9110 §13) and byte ranges (§14)."""

import hashlib
import re
from typing import Any

import msgspec
from django.http import HttpRequest

from apps.foundation.crossbar.errors import PreconditionFailed, RangeNotSatisfiable

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def revision_of(instance: Any) -> str | None:
    """`3-5f0c…` as in CouchDB: the number of writes, and of which row. None where rows are not counted."""
    count = getattr(instance, "revision", None)
    return f"{count}-{hashlib.md5(str(instance.pk).encode(), usedforsecurity=False).hexdigest()}" if count else None


def content_revision(data: Any) -> str:
    """An md5 of the content, for answers that have no row of their own."""
    return hashlib.md5(msgspec.json.encode(data), usedforsecurity=False).hexdigest()


def matches(header: str, revision: str) -> bool:
    """Whether an If-Match or If-None-Match header names the revision."""
    named = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    return "*" in named or revision in named


def not_modified(request: HttpRequest, revision: str | None) -> bool:
    header = request.headers.get("If-None-Match", "")
    return bool(header and revision and matches(header, revision))


def check_if_match(request: HttpRequest, revision: str | None) -> None:
    """Raises PreconditionFailed where the client names another revision than the current one."""
    header = request.headers.get("If-Match", "")
    if header and (revision is None or not matches(header, revision)):
        raise PreconditionFailed


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte asked for, or None for the whole. Raises RangeNotSatisfiable.

    Several ranges at once, and units that are not bytes, are answered with the whole, as the RFC allows.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and first and int(last) < int(first):
        return None
    if start >= size or end < start:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return start, end
