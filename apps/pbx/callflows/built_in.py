"""Flows that no account wrote: what a call is answered with that the system itself has begun.

Such a call dials the flow's name, and its channel says in `CHANNEL_VARIABLE` that it may: a phone cannot set that. When
it is transferred it dials something else, and is a call as any other from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHANNEL_VARIABLE = "built_in_flow"
WAKEUP = "wakeup"
_FLOWS: Mapping[str, Mapping[str, Any]] = {WAKEUP: {"module": "wakeup", "data": {}, "children": {}}}


def built_in_flow(named: str, dialled: str) -> Mapping[str, Any] | None:
    """The flow the channel names, where that is what it has dialled."""
    return _FLOWS.get(named) if named == dialled else None
