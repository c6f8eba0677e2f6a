"""HTTP to addresses that customers name: never to a machine of ours.

A name is resolved once, every address it has must be a public one (or in `OUTBOUND_ALLOWED`), and the connection goes
to the address that was checked, so that a name which means something else a moment later is no way in. Each redirect
that is followed is checked the same way. Answers have a greatest size and a greatest time; a proxy of the environment
is not used. httpx is loaded with the first request: most processes make none.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    import ssl

    import httpx

#: Seconds to connect, and between two pieces of data.
CONNECT_SECONDS, PATIENCE_SECONDS = 10.0, 60.0
#: Bytes of an answer, unless the caller says otherwise.
LARGEST = 1024 * 1024
#: Headers that are no other host's business.
_SECRET = ("authorization", "cookie")
#: Those that no longer hold for a body that has been read and unpacked.
_OF_THE_WAY = ("content-encoding", "content-length", "transfer-encoding")


class NotReachable(Exception):
    """The address may not be used, nobody answered there in time, or it said too much. The text says which."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` counts for the whole exchange (None: as long as data comes), `redirects` those that are followed."""

    seconds: float | None = None
    size: int = LARGEST
    redirects: int = 0


NO_REDIRECTS = Limits()


def send(
    method: str,
    url: str,
    *,
    content: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] | None = None,
    limits: Limits = NO_REDIRECTS,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Response:
    """One request, its answer read. Raises NotReachable; an answer of any status is returned, and its `url` is where it
    came from in the end.

    After a redirect it is a GET without a body, but for 307 and 308 (RFC 9110 §15.4). `transport` takes the place of
    the network in tests; the address is checked all the same.
    """
    import httpx

    ends = None if limits.seconds is None else time.monotonic() + limits.seconds
    own, place = dict(headers or {}), checked_url(url)
    trusted = _trusted() if transport is None else True
    with httpx.Client(trust_env=False, follow_redirects=False, transport=transport, verify=trusted) as client:
        for _ in range(limits.redirects + 1):
            answer = _once(client, method, place, content, own, limits, ends)
            target = answer.headers.get("location", "")
            if not answer.is_redirect or not target or not limits.redirects:
                return answer
            following = checked_url(str(place.join(target)))
            if following.host != place.host:
                own = {name: value for name, value in own.items() if name.lower() not in _SECRET}
            if answer.status_code not in (307, 308):
                method, content = "GET", b""
                own = {name: value for name, value in own.items() if not name.lower().startswith("content-")}
            place = following
    raise NotReachable("redirected too often")


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed: read once, for that takes longer than a request."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def _once(
    client: httpx.Client,
    method: str,
    place: httpx.URL,
    content: bytes | Iterable[bytes],
    headers: Mapping[str, str],
    limits: Limits,
    ends: float | None,
) -> httpx.Response:
    import httpx

    address = public_address(place.host, place.port or (443 if place.scheme == "https" else 80))
    request = httpx.Request(
        method,
        place.copy_with(host=address, userinfo=b""),
        content=content,
        headers={**headers, "Host": place.netloc.decode("ascii")},
        # The certificate is checked against the name, not the address.
        extensions={"sni_hostname": place.host},
    )
    if place.username:
        auth = httpx.BasicAuth(place.username, place.password)
        request = next(auth.auth_flow(request))
    left = PATIENCE_SECONDS if ends is None else max(0.001, ends - time.monotonic())
    timeout = httpx.Timeout(min(PATIENCE_SECONDS, left), connect=min(CONNECT_SECONDS, left))
    request.extensions = {**request.extensions, "timeout": timeout.as_dict()}
    try:
        answer = client.send(request, stream=True)
        try:
            body = _read(answer, limits.size, ends)
        finally:
            answer.close()
    except (httpx.HTTPError, OSError) as error:
        raise NotReachable(f"{type(error).__name__}: {error}") from error
    kept = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _OF_THE_WAY]
    return httpx.Response(answer.status_code, headers=kept, content=body, request=httpx.Request(method, place))


def _read(answer: httpx.Response, largest: int, ends: float | None) -> bytes:
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > largest:
            raise NotReachable(f"it sent more than {largest} bytes")
        if ends is not None and time.monotonic() > ends:
            raise NotReachable("it took too long")
    return bytes(body)


def checked_url(url: str) -> httpx.URL:
    """An http(s) address. Raises NotReachable."""
    import httpx

    try:
        place = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise NotReachable(f"not an address: {error}") from error
    if place.scheme not in ("http", "https") or not place.host:
        raise NotReachable("only http:// and https:// addresses are used")
    return place


def public_address(host: str, port: int) -> str:
    """One of the host's addresses. Raises NotReachable where any of them is neither public nor allowed."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise NotReachable(f"{host} is not known: {error}") from error
    for address in found:
        if not may_be_reached(address):
            raise NotReachable(f"{host} is {address}, which is no public address")
    if not found:
        raise NotReachable(f"{host} has no address")
    # An IPv4 address first: it is reached from everywhere.
    return min(found, key=lambda address: (":" in address, address))


def may_be_reached(text: str) -> bool:
    """Whether an IP address is a public one, or one the operator allows."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if any(address in ipaddress.ip_network(network) for network in settings.OUTBOUND_ALLOWED):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if within is not None and not may_be_reached(str(within)):
            return False
    return address.is_global and not address.is_multicast
