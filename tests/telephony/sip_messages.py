"""SIP over UDP, as much of it as a phone for tests needs: messages (RFC 3261 §7) and digest answers (RFC 2617).

A *request* has a method, a *response* a status; both are a `Message`. Header names are compared in small letters, the
compact forms of RFC 3261 §7.3.3 are written out.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field

_COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type",
    "r": "refer-to", "b": "referred-by", "o": "event",
}  # fmt: skip


@dataclass
class Message:
    """`start` is the request or status line; `headers` are in order and may repeat."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @property
    def method(self) -> str:
        """The method of a request, or of the request a response belongs to."""
        return self.header("cseq").partition(" ")[2].strip() if self.is_response else self.start.partition(" ")[0]

    @property
    def is_response(self) -> bool:
        return self.start.startswith("SIP/2.0 ")

    @property
    def status(self) -> int:
        return int(self.start.split(" ", 2)[1])

    @property
    def uri(self) -> str:
        return self.start.split(" ")[1]

    def header(self, name: str) -> str:
        """The first header of that name, or ""."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers if name != "content-length")]
        return ("\r\n".join([*lines, f"content-length: {len(self.body.encode())}"]) + "\r\n\r\n" + self.body).encode()


def parse(data: bytes) -> Message:
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers.append((_COMPACT.get(name, name), value.strip()))
    return Message(start, headers, body)


def response_to(request: Message, status: int, reason: str, tag: str, contact: str = "", body: str = "") -> Message:
    """A response with the request's Via, From, To (tagged), Call-ID and CSeq."""
    kept = [
        (name, value) for name, value in request.headers if name in ("via", "record-route", "from", "call-id", "cseq")
    ]
    to = request.header("to")
    kept.append(("to", to if ";tag=" in to or status == 100 else f"{to};tag={tag}"))
    if contact:
        kept.append(("contact", f"<{contact}>"))
    if body:
        kept.append(("content-type", "application/sdp"))
    return Message(f"SIP/2.0 {status} {reason}", kept, body)


def uri_in(header: str) -> str:
    """`sip:a@b` of `"A" <sip:a@b>;tag=1`."""
    found = re.search(r"<([^>]*)>", header)
    return found[1] if found else header.partition(";")[0].strip()


def session_description(address: str, port: int) -> str:
    """An offer or answer of PCMU both ways (RFC 3264)."""
    return (
        f"v=0\r\no=- {secrets.randbelow(10**9)} 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
        "a=sendrecv\r\n"
    )


def media_address(description: str) -> tuple[str, int]:
    """Where the other side of a session description wants its audio. Raises ValueError without an audio line."""
    port = re.search(r"^m=audio (\d+)", description, re.MULTILINE)
    address = re.search(r"^c=IN IP4 (\S+)", description, re.MULTILINE)
    if not port or not address:
        raise ValueError("no audio in the session description")
    return address[1], int(port[1])


def digest_answer(challenge: str, method: str, uri: str, username: str, password: str) -> str:
    """The Authorization header's value for a WWW-Authenticate or Proxy-Authenticate."""
    asked = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge))
    given = {"username": username, "realm": asked["realm"], "nonce": asked["nonce"], "uri": uri}
    if "qop" in asked:
        given |= {"qop": "auth", "nc": "00000001", "cnonce": secrets.token_hex(8)}
    quoted = ", ".join(
        f"{name}={value}" if name in ("qop", "nc") else f'{name}="{value}"' for name, value in given.items()
    )
    return f'Digest {quoted}, algorithm=MD5, response="{digest_response(given, method, password)}"'


def digest_response(given: dict[str, str], method: str, password: str) -> str:
    """The `response` that goes with the other parts of an Authorization header (RFC 2617 §3.2.2)."""
    first = _md5(f"{given['username']}:{given['realm']}:{password}")
    second = _md5(f"{method}:{given['uri']}")
    if given.get("qop"):
        return _md5(f"{first}:{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}:{second}")
    return _md5(f"{first}:{given['nonce']}:{second}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
