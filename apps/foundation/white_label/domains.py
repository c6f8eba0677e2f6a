"""The host name of a white label in the DNS: what it should lead to, and where it leads.

Records are compared by what a visitor reaches: an alias is right where it ends at our addresses, whatever names it.
"""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from kazoo.environment import environment

#: Seconds a name may take to be looked up.
PATIENCE = 5.0
#: The kinds of records a client looks for in the answer; those we ask for are filled.
KINDS = ("A", "CNAME", "MX", "NAPTR", "SRV", "TXT")


@dataclass(frozen=True, slots=True)
class Found:
    """Where a name leads; nothing where it is not there."""

    canonical: str = ""
    addresses: tuple[str, ...] = ()


def wanted_records(domain: str) -> dict[str, dict[str, Any]]:
    """The records to set up, by kind and name: `{name, mapping}`. One of the two will do."""
    host = own_host()
    records: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    records["CNAME"][domain] = {"name": "Web", "mapping": [host]}
    if addresses := _looked_up(host).addresses:
        records["A"][domain] = {"name": "Web", "mapping": list(addresses)}
    return records


def checked_records(domain: str) -> dict[str, dict[str, Any]]:
    """The same names with what is `expected` and what is there (`actual`); `matches`: visitors reach us."""
    ours, found = _looked_up(own_host()), _looked_up(domain)
    leads_here = bool(found.addresses) and set(found.addresses) <= set(ours.addresses)
    alias = [found.canonical] if found.canonical and found.canonical != domain else []
    records: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    records["CNAME"][domain] = {"expected": [own_host()], "actual": alias, "matches": leads_here}
    records["A"][domain] = {
        "expected": list(ours.addresses),
        "actual": list(found.addresses),
        "matches": leads_here,
    }
    return records


def own_host() -> str:
    """The host name of this installation's web."""
    return urlsplit(environment.public_url).hostname or "localhost"


def look_up(name: str) -> Found:
    """A name's addresses and the name its aliases end at. Waits for the resolver."""
    try:
        canonical, _aliases, addresses = socket.gethostbyname_ex(name)
    except (OSError, UnicodeError):
        return Found()
    return Found(canonical.lower().rstrip("."), tuple(sorted(addresses)))


def _looked_up(name: str) -> Found:
    try:
        return _resolvers().submit(look_up, name).result(PATIENCE)
    except Late:
        return Found()


@cache
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, thread_name_prefix="names")
