"""A customer's web server, on an address of this machine that the tests allow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ADDRESS = "127.0.0.77"


@dataclass(frozen=True)
class Asked:
    """One request. `query` are the parameters of the address, `form` those of a form in the body."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Answer:
    body: bytes | str = b""
    content_type: str = "text/plain"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class CustomerServer:
    """`pages` answer by path; what is not there is 404. `asked` is every request, in order."""

    url: str = ""
    pages: dict[str, Answer | Callable[[Asked], Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def requests(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]


@contextmanager
def customer_server(address: str = ADDRESS) -> Iterator[CustomerServer]:
    """Serve until the end of the block."""
    told = CustomerServer()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            place = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): text for name, text in self.headers.items()}
            asked = Asked(self.command, place.path, dict(parse_qsl(place.query)), headers, body)
            told.asked.append(asked)
            page = told.pages.get(place.path, Answer(status=404))
            answer = page(asked) if callable(page) else page
            content = answer.body.encode() if isinstance(answer.body, str) else answer.body
            self.send_response(answer.status)
            for name, text in {"Content-Type": answer.content_type, **answer.headers}.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer((address, 0), Handler)
    told.url = f"http://{address}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
