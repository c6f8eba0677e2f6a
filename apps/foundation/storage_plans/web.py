"""One HTTP request to somebody's storage, and its refusals in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from apps.foundation.kit.outbound import Limits, NotReachable, send
from apps.foundation.storage_plans.errors import BackendError, NothingThere

if TYPE_CHECKING:
    import httpx

#: Bytes of an answer that is no file.
_TALK = 1024 * 1024
#: What the vendors wrap their explanations in: S3 and Azure in XML, the others in JSON.
_MESSAGE = re.compile(r'<Message>([^<]+)</Message>|"(?:message|error_description|error_summary)"\s*:\s*"([^"]+)"')


def ask(
    method: str,
    url: str,
    *,
    content: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] | None = None,
    largest: int = _TALK,
    redirects: int = 0,
    accepted: tuple[int, ...] = (),
) -> httpx.Response:
    """The answer, where it is a success or its status `accepted`. Raises NothingThere for a 404, BackendError."""
    try:
        answer = send(method, url, content=content, headers=headers, limits=Limits(None, largest, redirects))
    except NotReachable as error:
        raise BackendError(f"The storage cannot be reached: {error}") from error
    if answer.is_success or answer.status_code in accepted:
        return answer
    raise refusal(answer)


def refusal(answer: httpx.Response) -> BackendError:
    """What a refusing answer says."""
    body = answer.content[:4000].decode("utf-8", "replace")
    found = _MESSAGE.search(body)
    words = (found[1] or found[2]).strip() if found else answer.reason_phrase or "no reason"
    kind = NothingThere if answer.status_code == 404 else BackendError
    return kind(f"The storage answered {answer.status_code}: {words}", status=answer.status_code, body=body)


def byte_range(first: int, last: int) -> dict[str, str]:
    """The header that asks for these bytes (RFC 9110 §14.2)."""
    return {"Range": f"bytes={first}-{last}"}


def asked_bytes(answer: httpx.Response, first: int, last: int) -> bytes:
    """The bytes that were asked for; a server that knows no ranges sends all of it."""
    return answer.content if answer.status_code == 206 else answer.content[first : last + 1]
