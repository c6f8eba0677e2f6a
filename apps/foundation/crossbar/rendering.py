"""From what a handler returned to a response: envelope, pages, CSV, files, chunks."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import IO, Any

import msgspec
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.models import Account
from apps.foundation.crossbar import conditional, spreadsheet
from apps.foundation.crossbar.answers import Answer, Binary, Download, Listing, Rows
from apps.foundation.crossbar.chunks import csv_chunks, json_chunks
from apps.foundation.crossbar.envelope import JSON, Exchange, json_response, revision_of_content, success
from apps.foundation.crossbar.errors import NotAcceptable, RangeNotSatisfiable
from apps.foundation.crossbar.listing import Page, chunk_size, page_of, parse_list_query, source_of

CSV = "text/csv"
_UNSAFE_NAME = re.compile(r"[^A-Za-z0-9 ._-]")
#: Bytes of a download that are read at a time.
PIECE = 256 * 1024


def render(exchange: Exchange, outcome: Any, account: Account | None) -> HttpResponseBase:
    """Raises what building a page can raise; called inside the account's scope."""
    if isinstance(outcome, HttpResponseBase):
        return outcome
    if isinstance(outcome, Binary):
        return _binary(exchange, outcome)
    if isinstance(outcome, Download):
        return download_response(exchange.http, outcome)
    if isinstance(outcome, (Listing, Rows)):
        return _list(exchange, outcome, account)
    answer = outcome if isinstance(outcome, Answer) else Answer(outcome)
    if exchange.accept == CSV and isinstance(answer.data, list):
        return _csv(exchange, Page(answer.data))
    return _answer(exchange, answer)


def _answer(exchange: Exchange, answer: Answer) -> HttpResponseBase:
    data = {} if answer.data is None else answer.data
    extra = dict(answer.envelope)
    if isinstance(data, list) and "page_size" not in extra:
        extra["page_size"] = len(data)
    revision = answer.revision or (revision_of_content(data) if exchange.verb == "GET" else None)
    if exchange.verb == "GET" and answer.status == 200 and conditional.not_modified(exchange.http, revision):
        return HttpResponse(status=304, headers={"ETag": f'"{revision}"'})
    response = json_response(exchange, success(exchange, data, revision, extra), answer.status)
    if revision:
        response.headers["ETag"] = f'"{revision}"'
    if answer.location:
        response.headers["Location"] = answer.location
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


def _list(exchange: Exchange, listing: Listing | Rows, account: Account | None) -> HttpResponseBase:
    query = exchange.http.GET
    wanted = parse_list_query(query)
    if query.get("is_chunked", "").lower() in ("true", "1", "yes"):
        return _stream(exchange, listing, account)
    page = page_of(listing, wanted)
    if exchange.accept == CSV:
        return _csv(exchange, page)
    extra: dict[str, Any] = {"page_size": len(page.rows)}
    if page.start_key:
        extra["start_key"] = page.start_key
    if page.next_start_key:
        extra["next_start_key"] = page.next_start_key
    return _answer(exchange, Answer(page.rows, envelope=extra))


def _csv(exchange: Exchange, page: Page) -> HttpResponse:
    rows = [spreadsheet.flatten(row) for row in page.rows if isinstance(row, Mapping)]
    content = spreadsheet.write(rows, spreadsheet.columns_of(rows), header=True)
    response = HttpResponse(content, content_type=CSV, headers=_download(exchange))
    if page.next_start_key:
        response.headers["X-Next-Start-Key"] = page.next_start_key
    return response


def _download(exchange: Exchange) -> dict[str, str]:
    wanted = exchange.http.headers.get("X-File-Name") or exchange.http.GET.get("file_name") or ""
    default = exchange.http.path.rstrip("/").rpartition("/")[2]
    return {"Content-Disposition": f'attachment; filename="{spreadsheet.safe_file_name(wanted, default)}"'}


def _stream(exchange: Exchange, listing: Listing | Rows, account: Account | None) -> StreamingHttpResponse:
    """The same list in pieces, read from the database as they are sent. Each piece enters the scope for itself."""
    wanted, size = parse_list_query(exchange.http.GET), chunk_size(exchange.http.GET)
    source = source_of(listing, wanted)
    chunks = (csv_chunks if exchange.accept == CSV else json_chunks)(exchange, source, wanted, size, account)
    headers = _download(exchange) if exchange.accept == CSV else {}
    kind = CSV if exchange.accept == CSV else JSON
    content = _aside(chunks) if isinstance(exchange.http, ASGIRequest) else chunks
    return StreamingHttpResponse(content, content_type=kind, headers=headers)


async def _aside(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, each made in a database thread: the event loop waits for none of them."""
    while (chunk := await in_directory(next, chunks, None)) is not None:
        yield chunk


def _binary(exchange: Exchange, file: Binary) -> HttpResponse:
    revision = file.revision or revision_of_content(msgspec.Raw(b'"' + file.content.hex().encode() + b'"'))
    headers = {"ETag": f'"{revision}"', "Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff"}
    if file.file_name:
        name = file.file_name.replace('"', "_").replace("\r", "_").replace("\n", "_").replace("\\", "_")
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    headers |= file.headers
    if conditional.not_modified(exchange.http, revision):
        return HttpResponse(status=304, headers={"ETag": headers["ETag"]})
    asked = conditional.byte_range(exchange.http.headers.get("Range", ""), len(file.content))
    if asked is None:
        return HttpResponse(file.content, content_type=file.content_type, headers=headers)
    first, last = asked
    headers["Content-Range"] = f"bytes {first}-{last}/{len(file.content)}"
    content = file.content[first : last + 1]
    return HttpResponse(content, status=206, content_type=file.content_type, headers=headers)


def download_response(http: HttpRequest, file: Download) -> HttpResponseBase:
    """A file, or the part of it that is asked for; it is closed in any case. Raises RangeNotSatisfiable."""
    name = _UNSAFE_NAME.sub("_", file.file_name)[:120] or "download"
    headers = {
        "ETag": f'"{file.revision}"',
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'{"inline" if file.inline else "attachment"}; filename="{name}"',
    }
    if conditional.not_modified(http, file.revision):
        file.opened.close()
        return HttpResponse(status=304, headers={"ETag": headers["ETag"]})
    try:
        asked = conditional.byte_range(http.headers.get("Range", ""), file.size)
    except RangeNotSatisfiable:
        file.opened.close()
        raise
    first, last = asked or (0, file.size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if asked is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{file.size}"
    pieces = _pieces(file.opened, first, last)
    content = _aside(pieces) if isinstance(http, ASGIRequest) else pieces
    status = 200 if asked is None else 206
    response = StreamingHttpResponse(content, status=status, content_type=file.content_type, headers=headers)
    response._resource_closers.append(file.opened.close)  # type: ignore[attr-defined]
    return response


def _pieces(opened: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    opened.seek(first)
    left = last - first + 1
    while left > 0 and (piece := opened.read(min(PIECE, left))):
        left -= len(piece)
        yield piece


def negotiate(exchange: Exchange, produces: str, *, lists: bool, also: Sequence[str] = ()) -> None:
    """Settle what the client is given. `?accept=` stands for the header; a file is given whatever the header says.
    `also` are further types that are offered where the client asks for one of them, never for `*/*`.
    Raises NotAcceptable."""
    if produces != JSON:
        return
    asked = exchange.http.GET.get("accept", "")
    names = {"csv": CSV, "json": JSON, "pdf": "application/pdf", "mp3": "audio/mpeg", "wav": "audio/wav"}
    header = names.get(asked.lower(), asked) if asked else exchange.http.headers.get("Accept", "")
    offered = [produces, *([CSV] if lists and produces == JSON else []), *also]
    if exchange.jsonp:
        offered.append("application/javascript")
    exchange.accept = _best(header, offered)


def _best(header: str, offered: list[str]) -> str:
    """The first offered type the header takes; errors are JSON whatever it says."""
    if not header.strip():
        return offered[0]
    wanted = []
    for part in header.lower().split(","):
        kind, _, parameters = part.partition(";")
        if "q=0" not in parameters.replace(" ", "").split(";") and kind.strip():
            wanted.append(kind.strip())
    for kind in wanted:
        for offer in offered:
            if kind in (offer, "*/*", f"{offer.split('/')[0]}/*", "*"):
                return offer
    raise NotAcceptable({"message": "not acceptable", "cause": header[:200], "target": offered})
