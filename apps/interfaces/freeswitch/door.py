"""Who may ask: a switch that presents the installation's node secret, from an address a switch may have.

HTTP basic authentication (RFC 7617): the user name is the node's name, the password the node secret.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import socket
from collections.abc import Iterable
from functools import cache
from ipaddress import ip_address

from kazoo.environment import Environment

log = logging.getLogger(__name__)


class Refused(Exception):
    """The visitor is not one of our switches. `status` is the HTTP status to answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def node_name(environment: Environment, client: str, authorization: bytes) -> str:
    """The name of the node that asks. Raises Refused: 403 for a foreign address, 401 for an unknown node or a wrong
    secret (which of the two is not told)."""
    require_switch(environment, client)
    name, _, secret = _credentials(authorization)
    nodes = {address.name for address in environment.effective_switches}
    # Compared before the name is looked at, so that time tells nothing about either.
    right = hmac.compare_digest(secret, environment.node_secret.encode())
    if not right or name.decode("utf-8", "replace") not in nodes:
        raise Refused(401, f"unknown node or wrong node secret from {client}")
    return name.decode()


def require_switch(environment: Environment, client: str) -> None:
    """Raises Refused: 403 for a foreign address."""
    if not is_allowed(environment, client):
        raise Refused(403, f"{client} is no switch's address")


def is_allowed(environment: Environment, client: str) -> bool:
    """Whether a switch may have this address: a loopback one, or that of a node in `KAZOO_SWITCHES`."""
    try:
        address = ip_address(client)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback) or str(mapped) in addresses_of(
        switch.host for switch in environment.effective_switches
    )


def is_caller_of_ours(environment: Environment, client: str) -> bool:
    """Whether a call server is to take connections from there: from switches, and from machines with call servers,
    which watch one another."""
    hosts = (address.rpartition(":")[0] for address in environment.call_server_addresses)
    return is_allowed(environment, client) or client in addresses_of(hosts)


def addresses_of(hosts: Iterable[str]) -> frozenset[str]:
    """The addresses of the nodes' hosts; names are resolved once."""
    return frozenset(address for host in hosts for address in _resolved(host))


@cache
def _resolved(host: str) -> frozenset[str]:
    try:
        return frozenset(str(found[4][0]) for found in socket.getaddrinfo(host, None))
    except OSError:
        log.warning("the switch %s has no address: nothing is accepted from it until the next start", host)
        return frozenset()


def _credentials(authorization: bytes) -> tuple[bytes, bytes, bytes]:
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return b"", b"", b""
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b"", b"", b""
    name, _, secret = decoded.partition(b":")
    return name, b":", secret
