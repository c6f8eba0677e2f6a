"""Which rule of an account, a user or a device says that a call is recorded. Pure functions, no queries.

A *source* is a document's `call_recording` by direction (inbound, outbound, any) and network (onnet, offnet, any).
`onnet` is a call inside the account, `offnet` one from or to the outside. The direction is seen from whom the rule is
of: a call that an endpoint makes is outbound for it, one that rings it inbound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from apps.pbx.recordings.wanting import Wanted

Direction = Literal["inbound", "outbound"]
Network = Literal["onnet", "offnet"]
Document = Mapping[str, Any]


def account_wants(account: Document, call_kind: str, to_network: Network) -> Wanted | None:
    """Whether the account has this call recorded. A call between its own phones comes in and goes out: either rule
    will do."""
    source = _below(account, "call_recording", "account")
    if call_kind == "inbound":
        asked: tuple[tuple[Direction, Network], ...] = (("inbound", "offnet"),)
    elif to_network == "offnet":
        asked = (("outbound", "offnet"),)
    else:
        asked = (("inbound", "onnet"), ("outbound", "onnet"))
    for direction, network in asked:
        found = _nearest([source], direction, network)
        if found is not None and found.get("enabled") is True:
            return Wanted.of(found, origin=_origin(direction, network, "account"), once=True)
    return None


def endpoint_wants(
    direction: Direction, network: Network, *, account: Document, user: Document, device: Document, owner_id: str
) -> Wanted | None:
    """Whether the endpoint has a call recorded that it makes (outbound) or that rings it (inbound): the nearest of
    device, user and account that says anything about such calls."""
    sources = [
        _below(device, "call_recording"),
        _below(user, "call_recording"),
        _below(account, "call_recording", "endpoint"),
    ]
    found = _nearest(sources, direction, network)
    if found is None or found.get("enabled") is not True:
        return None
    return Wanted.of(found, origin=_origin(direction, network, "endpoint"), owner_id=owner_id, once=True)


def says_anything(*documents: Document) -> bool:
    """Whether any of them has rules at all."""
    return any(bool(_below(document, "call_recording")) for document in documents)


def _nearest(sources: list[Document], direction: Direction, network: Network) -> Document | None:
    return next((found for source in sources for found in _of(source, direction, network)), None)


def _of(source: Document, direction: Direction, network: Network) -> Iterator[Document]:
    """What a source says of such calls, the most exact first. What is empty says nothing."""
    for way in (direction, "any"):
        for where in (network, "any"):
            found = _below(source, way, where)
            if any(value is not None for value in found.values()):
                yield found


def _below(document: Document, *names: str) -> Document:
    for name in names:
        value = document.get(name)
        document = value if isinstance(value, Mapping) else {}
    return document


def _origin(direction: Direction, network: Network, whose: str) -> str:
    """KAZOO's words."""
    if direction == "inbound":
        return f"inbound from {network} to {whose}"
    return f"outbound to {network} from {whose}"
