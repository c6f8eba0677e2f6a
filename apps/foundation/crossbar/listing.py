"""Lists: ordered, filtered and cut into pages."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.http import QueryDict

from apps.foundation.crossbar import cursor
from apps.foundation.crossbar.answers import Listing, Rows
from apps.foundation.crossbar.cursor import Order
from apps.foundation.crossbar.errors import RangeNotSatisfiable, ValidationFailed
from apps.foundation.crossbar.filters import Filter, parse_filters
from apps.foundation.crossbar.ranges import within_ranges

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 5_000
#: Rows read at a time where a filter needs the documents.
_SCAN = 500
#: The most rows `paginate=false` answers with: a guard for the process's memory.
MAX_ROWS = 100_000
_TRUE = ("true", "1", "yes")


@dataclass(frozen=True, slots=True)
class Page:
    """Summaries, and the key of the page after them where there is one."""

    rows: list[Mapping[str, Any]]
    start_key: str = ""
    next_start_key: str = ""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a client asks of a list."""

    page_size: int
    start_key: str
    paginate: bool
    ascending: bool | None
    filters: tuple[Filter, ...]
    values: Mapping[str, str]


def parse_list_query(query: QueryDict) -> ListQuery:
    """Raises ValidationFailed."""
    values = query.dict()
    return ListQuery(
        page_size=_count(values, "page_size", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
        start_key=str(values.get("start_key", "")),
        paginate=str(values.get("paginate", "true")).lower() not in ("false", "0", "no"),
        ascending=True if _flag(values, "ascending") else False if _flag(values, "descending") else None,
        filters=tuple(parse_filters(query)),
        values={name: str(value) for name, value in values.items()},
    )


def _flag(values: Mapping[str, Any], name: str) -> bool:
    return str(values.get(name, "")).lower() in _TRUE


def chunk_size(query: QueryDict) -> int:
    return _count(query.dict(), "chunk_size", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def _count(values: Mapping[str, Any], name: str, default: int, most: int) -> int:
    text = str(values.get(name, "") or default)
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValidationFailed.of(name, "type", "Value did not match type(s): integer", target="integer", value=text)
    if int(text) < 1:
        raise ValidationFailed.of(name, "minimum", "Value must be at least 1", target=1, value=int(text))
    return min(int(text), most)


Source = Callable[[ListQuery, str, int], Page]


def page_of(listing: Listing | Rows, wanted: ListQuery) -> Page:
    """The page a client asks for, or everything with `paginate=false`. Raises RangeNotSatisfiable, ValidationFailed."""
    source = source_of(listing, wanted)
    if wanted.paginate:
        return source(wanted, wanted.start_key, wanted.page_size)
    page = source(wanted, wanted.start_key, MAX_ROWS)
    if page.next_start_key:
        raise RangeNotSatisfiable({"message": f"more than {MAX_ROWS} rows: ask for pages or use is_chunked=true"})
    return page


def source_of(listing: Listing | Rows, wanted: ListQuery) -> Source:
    """What gives the pages of a list, one by one. Raises ValidationFailed before the first is read."""
    if isinstance(listing, Rows):
        rows = list(listing.rows)
        if wanted.start_key:
            cursor.decode_offset(wanted.start_key)
        return lambda query, start_key, size: _page_of_rows(rows, query, start_key, size)
    order = _order(listing.order, wanted.ascending)
    rows_in_range = within_ranges(listing.rows, wanted.values, listing.ranges, listing.time_column)
    narrowed = _narrowed(rows_in_range, wanted.filters).order_by(*order.terms)
    if wanted.start_key:
        cursor.decode(order, listing.rows.model, wanted.start_key)
    return lambda query, start_key, size: _page_of_table(listing, narrowed, order, query, start_key, size)


def _order(name: str, ascending: bool | None) -> Order:
    column = name.removeprefix("-")
    return Order(column, name.startswith("-") if ascending is None else not ascending)


def _narrowed(rows: "QuerySet[Any]", filters: tuple[Filter, ...]) -> "QuerySet[Any]":
    for each in filters:
        condition = each.narrow(rows.model)
        rows = rows if condition is None else rows.filter(condition)
    return rows


def _page_of_table(
    listing: Listing, rows: "QuerySet[Any]", order: Order, wanted: ListQuery, start_key: str, size: int
) -> Page:
    found = list(islice(_matching(listing, rows, order, wanted.filters, start_key, size), size + 1))
    more = len(found) > size
    found = found[:size]
    if listing.prepare is not None:
        listing.prepare(found)
    next_key = cursor.encode(order, found[-1]) if more else ""
    return Page([listing.summarize(instance) for instance in found], start_key, next_key)


def _matching(
    listing: Listing, rows: "QuerySet[Any]", order: Order, filters: tuple[Filter, ...], start_key: str, size: int
) -> Iterator[models.Model]:
    """Rows after the key that pass every filter. A page without filters is one query."""
    batch = max(_SCAN, size + 1) if filters else size + 1
    after = cursor.decode(order, rows.model, start_key) if start_key else None
    while True:
        read = list((rows.filter(after) if after is not None else rows)[:batch])
        for instance in read:
            if not filters or _passes(listing.document(instance), filters):
                yield instance
        if len(read) < batch:
            return
        after = order.after(getattr(read[-1], order.column), read[-1].pk)


def _passes(document: Mapping[str, Any], filters: tuple[Filter, ...]) -> bool:
    return all(each.test(document) for each in filters)


def _page_of_rows(rows: list[Mapping[str, Any]], wanted: ListQuery, start_key: str, size: int) -> Page:
    matching = [row for row in rows if _passes(row, wanted.filters)]
    offset = cursor.decode_offset(start_key) if start_key else 0
    more = len(matching) > offset + size
    return Page(matching[offset : offset + size], start_key, cursor.encode_offset(offset + size) if more else "")
