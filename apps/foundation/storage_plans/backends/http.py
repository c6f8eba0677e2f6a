from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, Literal
from urllib.parse import quote

from pydantic import Field

from apps.foundation.kit.ids import new_id
from apps.foundation.storage_plans.backend import BLOCK, Backend, BackendSettings, FileFacts, pieces
from apps.foundation.storage_plans.errors import NothingThere
from apps.foundation.storage_plans.web import ask, asked_bytes, byte_range, refusal

#: Bytes of the largest file that is fetched from a server which knows no ranges.
_LARGEST = 256 * BLOCK


class HttpSettings(BackendSettings):
    """A web server of the customer's."""

    url: str = Field(min_length=1, max_length=1024, description="The address that the path is appended to.")
    verb: Literal["put", "post"] = Field("put", description="How a file is sent.")
    send_multipart: bool = Field(False, description="Send two parts: what is known of the file as JSON, and the file.")
    base64_encode_data: bool = Field(False, description="Send the file in base64.")
    username: str | None = Field(None, max_length=255, description="For HTTP Basic authentication.")
    password: str | None = Field(None, max_length=1024, description="For HTTP Basic authentication.")
    token: str | None = Field(None, max_length=4096, description="Sent as a bearer token.")


class Http(Backend):
    """A server that takes a PUT (or POST), gives the file back for a GET and removes it for a DELETE: a WebDAV folder,
    or an application of the customer's. Its answer to the PUT may name another place in `Location`."""

    settings_shape = HttpSettings
    secrets = ("password", "token")
    movable = ("username", "verb", "send_multipart")

    def __init__(self, settings: Mapping[str, Any], owner_id: str = "") -> None:
        super().__init__(settings, owner_id)
        self._settings = HttpSettings.model_validate(settings)

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        settings = self._settings
        url = f"{settings.url.rstrip('/')}/{quote(path)}"
        headers, body, size = {"Content-Type": facts.content_type}, self._body(content), facts.size
        if settings.base64_encode_data:
            size = (facts.size + 2) // 3 * 4
        if settings.send_multipart:
            boundary = new_id()
            before, after = _multipart(boundary, facts)
            body, size = _between(before, body, after), size + len(before) + len(after)
            headers["Content-Type"] = f"multipart/mixed; boundary={boundary}"
        headers |= {"Content-Length": str(size), "X-Content-SHA256": facts.sha256, **self._credentials()}
        answer = ask(settings.verb.upper(), url, content=body, headers=headers)
        location = answer.headers.get("location", "")
        return str(answer.url.join(location)) if location else url

    def read(self, place: str, first: int, last: int) -> bytes:
        headers = {} if self._settings.base64_encode_data else byte_range(first, last)
        answer = ask("GET", place, headers={**headers, **self._mine(place)}, largest=_LARGEST)
        if self._settings.base64_encode_data:
            return base64.b64decode(answer.content)[first : last + 1]
        return asked_bytes(answer, first, last)

    def open(self, place: str, size: int) -> IO[bytes]:
        if size > BLOCK and not self._settings.base64_encode_data:
            answer = ask("GET", place, headers={**byte_range(0, 0), **self._mine(place)}, largest=_LARGEST)
            if answer.status_code == 206:
                return super().open(place, size)
            return io.BytesIO(answer.content)
        return io.BytesIO(self.read(place, 0, size - 1))

    def delete(self, place: str) -> None:
        answer = ask("DELETE", place, headers=self._mine(place), accepted=(404, 405, 410, 501))
        if answer.status_code in (405, 501):  # it keeps what it has got
            error = refusal(answer)
            raise NothingThere(str(error), status=error.status, body=error.body)

    def _body(self, content: IO[bytes]) -> Iterator[bytes]:
        if not self._settings.base64_encode_data:
            return pieces(content)
        # A multiple of three bytes, so that no padding comes in between.
        return (base64.b64encode(piece) for piece in iter(lambda: content.read(48 * 1024), b""))

    def _mine(self, place: str) -> dict[str, str]:
        """Credentials are for the server they were given for, wherever it says a file went."""
        here, there = self._settings.url.split("/", 3)[:3], place.split("/", 3)[:3]
        return self._credentials() if here == there else {}

    def _credentials(self) -> dict[str, str]:
        settings = self._settings
        if settings.token:
            return {"Authorization": f"Bearer {settings.token}"}
        if settings.username:
            words = f"{settings.username}:{settings.password or ''}".encode()
            return {"Authorization": f"Basic {base64.b64encode(words).decode()}"}
        return {}


def _multipart(boundary: str, facts: FileFacts) -> tuple[bytes, bytes]:
    told = {"name": facts.name, "size": facts.size, "sha256": facts.sha256, **facts.metadata}
    start = f"--{boundary}\r\ncontent-type: application/json\r\n\r\n{json.dumps(told)}\r\n"
    before = f"{start}--{boundary}\r\ncontent-type: {facts.content_type}\r\n\r\n"
    return before.encode(), f"\r\n--{boundary}--\r\n".encode()


def _between(before: bytes, body: Iterator[bytes], after: bytes) -> Iterator[bytes]:
    yield before
    yield from body
    yield after
