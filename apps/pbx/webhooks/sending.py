"""One request to a customer's URL: what is in it, and how it went. Touches no database: it runs in a thread."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from apps.foundation.kit.outbound import Limits, NotReachable, send
from apps.pbx.webhooks.models import KEPT_BODY, KEPT_REASON
from apps.pbx.webhooks.signing import signed_headers

log = logging.getLogger(__name__)
#: For the whole exchange. Bytes of an answer beyond the first are of no interest.
LIMITS = Limits(seconds=10, size=64 * 1024)
USER_AGENT = "Kazoo-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is sent where. `account_id` and `hook_id` go into headers; signed with each of `secrets`."""

    uid: str
    uri: str
    payload: Mapping[str, Any]
    verb: str = "post"
    as_json: bool = False
    account_id: str = ""
    hook_id: str = ""
    secrets: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is 0, and `error` says why, where nobody answered. `rest` is how long the receiver wants no more.
    Seconds."""

    status: int = 0
    body: str = ""
    error: str = ""
    milliseconds: int = 0
    rest: int = 0

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The receiver wants nothing any more (RFC 9110 §15.5.11)."""
        return self.status == 410


def request_of(out: Outgoing, timestamp: int) -> tuple[str, str, bytes, dict[str, str]]:
    """Method, address, body and headers. `timestamp` in POSIX seconds."""
    verb, uri, body = out.verb.upper(), out.uri, b""
    headers = {"User-Agent": USER_AGENT, "X-Account-ID": out.account_id, "X-Hook-ID": out.hook_id}
    if verb == "GET":
        place = urlsplit(uri)
        own = parse_qsl(place.query, keep_blank_values=True)
        uri = urlunsplit(place._replace(query=urlencode([*own, *flat(out.payload)]), fragment=""))
    elif out.as_json:
        body = json.dumps(out.payload, separators=(",", ":"), ensure_ascii=False).encode()
        headers["Content-Type"] = "application/json"
    else:
        body = urlencode(list(flat(out.payload))).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    return verb, uri, body, headers | signed_headers(out.secrets, out.uid, timestamp, body)


def attempt(out: Outgoing) -> Outcome:
    """Send it once. Never raises: one address nobody thought of must not keep the others from being told."""
    began = time.monotonic()
    try:
        verb, uri, body, headers = request_of(out, int(time.time()))
        answer = send(verb, uri, content=body, headers=headers, limits=LIMITS)
    except (NotReachable, ValueError) as error:
        return Outcome(error=str(error)[:KEPT_REASON], milliseconds=_since(began))
    except Exception as error:
        log.exception("webhook %s could not be sent", out.hook_id)
        return Outcome(error=f"{type(error).__name__}: {error}"[:KEPT_REASON], milliseconds=_since(began))
    text = answer.content[:KEPT_BODY].decode("utf-8", "replace").replace("\x00", "")
    return Outcome(answer.status_code, text, "", _since(began), _seconds(answer.headers.get("retry-after", "")))


def flat(payload: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """A form's fields, as KAZOO writes them: `custom_channel_vars[account_id]`, lists with `[]`."""
    for name, value in payload.items():
        path = f"{above}[{name}]" if above else str(name)
        if isinstance(value, Mapping):
            yield from flat(value, path)
        elif isinstance(value, (list, tuple)):
            yield from ((f"{path}[]", _text(one)) for one in value)
        elif value is not None:
            yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def _seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
