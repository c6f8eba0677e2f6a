"""Flows that no account wrote: what a call is answered with that the system itself has begun.

Such a call dials the flow's name, and its channel says in `CHANNEL_VARIABLE` that it may: a phone cannot set that. When
it is transferred it dials something else, and is a call as any other from then on.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

#: What a call dials that is sent into a flow which is in no document, and the channel variable that holds the flow.
GIVEN_NUMBER, GIVEN_FLOW = "given-flow", "given_flow"
LONGEST_FLOW = 16_000
CHANNEL_VARIABLE = "built_in_flow"
WAKEUP = "wakeup"
_FLOWS: Mapping[str, Mapping[str, Any]] = {WAKEUP: {"module": "wakeup", "data": {}, "children": {}}}


def built_in_flow(named: str, dialled: str) -> Mapping[str, Any] | None:
    """The flow the channel names, where that is what it has dialled."""
    return _FLOWS.get(named) if named == dialled else None


def given_flow(flow: Mapping[str, Any]) -> str:
    """As the channel variable holds it. Raises ValueError for one that is too long."""
    text = base64.urlsafe_b64encode(json.dumps(flow, separators=(",", ":")).encode()).decode()
    if len(text) > LONGEST_FLOW:
        raise ValueError("the flow is too long for a channel")
    return text


def read_given_flow(text: str, dialled: str) -> Mapping[str, Any] | None:
    """The flow the channel was sent into, where that is what it has dialled."""
    if not text or dialled != GIVEN_NUMBER:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (binascii.Error, ValueError):
        return None
    return found if isinstance(found, dict) else None
