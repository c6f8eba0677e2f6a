"""How far a call has come, kept on its own channel: whatever becomes of the call server, it goes with the call.

Before each step the engine writes the variable `flow_state`. The dialplan clears it when it routes a call, and hands
the call over again when the connection to the call server is lost: who takes it over then goes on from there.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

Node = Mapping[str, Any]
logger = logging.getLogger(__name__)
VARIABLE = "flow_state"
#: Variables the dialplan waits by, in milliseconds, before it hands a call over again whose call server was lost.
SHORT_PAUSE, LONG_PAUSE = "flow_pause", "flow_long_pause"
PAUSES = {SHORT_PAUSE: "400", LONG_PAUSE: "1500"}
#: Characters of the variable; a call deeper in than that is not resumed, it begins again.
LONGEST = 8_000


@dataclass(frozen=True, slots=True)
class Place:
    """A node and where it stands: the callflow, and the keys of the children from its root down to it."""

    node: Node
    callflow_id: str = ""
    path: tuple[str, ...] = ()
    #: In a tree that was fetched for this call: it has the address of the node that fetched it.
    is_guest: bool = False

    def child(self, key: str) -> Place | None:
        """The child called `key`, None where there is none."""
        below = children_of(self.node).get(key)
        if not isinstance(below, Mapping):
            return None
        return Place(below, self.callflow_id, self.path if self.is_guest else (*self.path, key), self.is_guest)

    def at(self, path: tuple[str, ...]) -> Place | None:
        """The node that many children further down."""
        found: Place | None = self
        for key in path:
            found = found.child(key) if found is not None else None
        return found

    @property
    def address(self) -> Address:
        return Address(self.callflow_id, self.path)


class Address(msgspec.Struct, frozen=True, array_like=True):
    """A `Place` without its node."""

    callflow_id: str
    path: tuple[str, ...]


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """`resumed` says how often this step was gone on with.
    `callflow_id` is the flow the call was for, still to be run after `here` while `in_preflow`."""

    steps: int
    callflow_id: str
    here: Address
    returns: tuple[Address, ...] = ()
    in_preflow: bool = False
    cause: str = ""
    resumed: int = 0


def write_progress(progress: Progress) -> dict[str, str]:
    """As a channel variable; none where it would be too long."""
    text = base64.urlsafe_b64encode(msgspec.json.encode(progress)).decode()
    return {VARIABLE: text} if len(text) <= LONGEST else {}


def read_progress(variables: Mapping[str, str]) -> Progress | None:
    """What an earlier call server left on the channel."""
    text = variables.get(VARIABLE, "")
    if not text:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Progress)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        logger.warning("a call's progress cannot be read: it begins again")
        return None


def children_of(node: Node) -> Node:
    """The children of a node, none where they are no object."""
    children = node.get("children")
    return children if isinstance(children, Mapping) else {}
