"""HTTP to addresses that customers name: never to a machine of ours.

The name is resolved once, every address it has must be a public one, and the connection goes to the address that was
checked, so that a name which means something else a moment later is no way in. Redirects are not followed, a proxy of
the environment is not used.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping

import httpx

#: Seconds to connect, and between two pieces of data.
CONNECT_SECONDS, PATIENCE_SECONDS = 10.0, 60.0


class NotReachable(Exception):
    """The address may not be used, or nobody answered there. The text says which."""


def send(
    method: str,
    url: str,
    *,
    content: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Response:
    """One request, its answer read. Raises NotReachable; an answer of any status is returned.

    `transport` takes the place of the network in tests; the address is checked all the same.
    """
    place = checked_url(url)
    address = public_address(place.host, place.port or (443 if place.scheme == "https" else 80))
    host = place.netloc.decode("ascii")
    request = httpx.Request(
        method,
        place.copy_with(host=address, userinfo=b""),
        content=content,
        headers={**(headers or {}), "Host": host},
        # The certificate is checked against the name, not the address.
        extensions={"sni_hostname": place.host},
    )
    if place.username:
        auth = httpx.BasicAuth(place.username, place.password)
        request = next(auth.auth_flow(request))
    timeout = httpx.Timeout(PATIENCE_SECONDS, connect=CONNECT_SECONDS)
    request.extensions = {**request.extensions, "timeout": timeout.as_dict()}
    try:
        with httpx.Client(trust_env=False, follow_redirects=False, transport=transport) as client:
            return client.send(request)
    except (httpx.HTTPError, OSError) as error:
        raise NotReachable(f"{type(error).__name__}: {error}") from error


def checked_url(url: str) -> httpx.URL:
    """An http(s) address. Raises NotReachable."""
    try:
        place = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise NotReachable(f"not an address: {error}") from error
    if place.scheme not in ("http", "https") or not place.host:
        raise NotReachable("only http:// and https:// addresses are used")
    return place


def public_address(host: str, port: int) -> str:
    """One of the host's addresses. Raises NotReachable where any of them is not public."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise NotReachable(f"{host} is not known: {error}") from error
    for address in found:
        if not _is_public(address):
            raise NotReachable(f"{host} is {address}, which is no public address")
    if not found:
        raise NotReachable(f"{host} has no address")
    # An IPv4 address first: it is reached from everywhere.
    return min(found, key=lambda address: (":" in address, address))


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if within is not None and not _is_public(str(within)):
            return False
    return address.is_global and not address.is_multicast
