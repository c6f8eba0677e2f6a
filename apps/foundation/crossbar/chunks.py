"""Long lists in pieces, so that neither side holds the whole. The keys of the envelope come after `data`; an error
half-way can only be told there (or, in CSV, by an answer that ends early)."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.crossbar import spreadsheet
from apps.foundation.crossbar.envelope import Exchange, encode, trailer
from apps.foundation.crossbar.listing import ListQuery, Page, Source
from apps.foundation.crossbar.translation import as_api_error

log = logging.getLogger(__name__)


def pages(source: Source, wanted: ListQuery, size: int, account: Account | None) -> Iterator[Page]:
    """Pages of at most `size` rows up to `page_size`, or to the end with `paginate=false`."""
    start_key, left = wanted.start_key, wanted.page_size
    while True:
        with _scope(account):
            page = source(wanted, start_key, size if not wanted.paginate else min(size, left))
        yield page
        start_key, left = page.next_start_key, left - len(page.rows)
        if not start_key or (wanted.paginate and left <= 0):
            return


def _scope(account: Account | None) -> AbstractContextManager[Any]:
    return account_scope(account) if account is not None else nullcontext()


def json_chunks(
    exchange: Exchange, source: Source, wanted: ListQuery, size: int, account: Account | None
) -> Iterator[bytes]:
    count, next_key = 0, ""
    closing: dict[str, Any] = {"status": "success"}
    opening = b'{"data":['
    try:
        for page in pages(source, wanted, size, account):
            rows = b",".join(encode(row) for row in page.rows)
            yield opening + (b"," if count and rows else b"") + rows
            opening, count, next_key = b"", count + len(page.rows), page.next_start_key
    except Exception as error:
        log.exception("request %s failed after %d rows", exchange.request_id, count)
        told = as_api_error(error)
        closing = {"status": "fatal" if told.status >= 500 else "error", "error": str(told.status)}
        closing["message"] = told.message
    closing |= {"page_size": count, "request_id": exchange.request_id}
    closing |= {"start_key": wanted.start_key} if wanted.start_key else {}
    closing |= {"next_start_key": next_key} if next_key else {}
    yield opening + b"]," + encode(closing | trailer(exchange))[1:]


def csv_chunks(
    exchange: Exchange, source: Source, wanted: ListQuery, size: int, account: Account | None
) -> Iterator[bytes]:
    """The first piece decides the columns."""
    columns: list[str] | None = None
    for page in pages(source, wanted, size, account):
        rows = [spreadsheet.flatten(row) for row in page.rows]
        first = columns is None
        columns = spreadsheet.columns_of(rows) if columns is None else columns
        yield spreadsheet.write(rows, columns, header=first)
