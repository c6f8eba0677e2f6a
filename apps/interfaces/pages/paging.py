"""Keyset paging of a queryset: the address holds the last row seen, so that pages do not shift while rows come and go.

A cursor is the base64 of `[<sort value>, <id>]`; one that cannot be read begins at the start.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

M = TypeVar("M", bound=Model)

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """`next_page` and `previous_page` are cursors, empty where there is no further page."""

    rows: list[M]
    sort: str
    next_page: str
    previous_page: str

    def context(self) -> dict[str, Any]:
        """What `base/table.html` takes, without the rows."""
        return {"sort": self.sort, "next_page": self.next_page, "previous_page": self.previous_page}


def page_of(
    rows: QuerySet[M], query: QueryDict, sorts: Mapping[str, str], default: str, size: int = PAGE_SIZE
) -> Page[M]:
    """The page an address asks for. `sorts` maps the names allowed in `sort` to columns; `-` in front turns it round.

    Columns are never null.
    """
    sort = query.get("sort", default)
    if sort.removeprefix("-") not in sorts:
        sort = default
    column, falling = sorts[sort.removeprefix("-")], sort.startswith("-")
    after, before = _read(query.get("after", "")), _read(query.get("before", ""))
    backwards = before is not None and after is None
    cursor = before if backwards else after
    ascending = falling == backwards
    if cursor is not None:
        try:
            rows = rows.filter(_beyond(column, cursor, ascending))
        except (ValidationError, ValueError, TypeError):
            cursor, backwards, ascending = None, False, not falling
    sign = "" if ascending else "-"
    found = list(rows.order_by(f"{sign}{column}", f"{sign}pk")[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = (backwards and cursor is not None) or (more and not backwards)
    has_previous = (more and backwards) or (cursor is not None and not backwards)
    return Page(
        rows=found,
        sort=sort,
        next_page=_write(found[-1], column) if found and has_next else "",
        previous_page=_write(found[0], column) if found and has_previous else "",
    )


def _beyond(column: str, cursor: tuple[Any, str], ascending: bool) -> Q:
    value, key = cursor
    word = "gt" if ascending else "lt"
    return Q(**{f"{column}__{word}": value}) | Q(**{column: value, f"pk__{word}": key})


def _write(row: Model, column: str) -> str:
    value = getattr(row, column)
    if isinstance(value, datetime):
        value = value.isoformat()
    text = json.dumps([value, row.pk])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(text: str) -> tuple[Any, str] | None:
    try:
        value, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError):
        return None
    return (value, str(key)) if isinstance(value, str | int | float) else None
