"""Where a conference lives: on one node, whichever its first caller came to. Everybody else is brought there.

What goes on is in the directory (`LiveRoom`), a moment after it began. Until then a claim stands for it, so that two
who come at the same time to two nodes do not begin two conferences of the same name.
"""

from __future__ import annotations

import logging

import redis

from apps.foundation.events.publishing import client
from apps.switching.rooms.models import LiveRoom
from apps.switching.switches.models import NodeState, SwitchNode

log = logging.getLogger(__name__)
#: Seconds for which a node is where a conference begins that nobody has come into yet.
CLAIMED = 60
_CLAIM = "kazoo:conference-home:"


def home_of(name: str, node: str) -> str:
    """The node where the conference `name` goes on or is about to begin; `node`, the caller's own, where it does not.

    A node that is down is nobody's home. Where claims cannot be read, who comes first may not be seen for a moment.
    """
    rooms = list(LiveRoom.objects.filter(name=name).order_by("began").values_list("switch", flat=True))
    if rooms and rooms[0] == node:
        return node
    up = set(SwitchNode.objects.filter(state=NodeState.UP).values_list("name", flat=True))
    for switch in rooms:
        if switch == node or switch in up:
            return switch
    try:
        return _claimed(name, node, up)
    except redis.RedisError:
        log.warning("conference %s begins on %s without a claim", name, node)
        return node


def _claimed(name: str, node: str, up: set[str]) -> str:
    key = f"{_CLAIM}{name}"
    if client().set(key, node, nx=True, ex=CLAIMED):
        return node
    found = client().get(key)
    claimed = found.decode() if isinstance(found, bytes) else str(found or "")
    if claimed in up or claimed == node:
        return claimed
    client().set(key, node, ex=CLAIMED)
    return node
