"""Gateways that have just failed. Each call server learns for itself which those are: what one of them finds out is
old after seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable

from apps.commerce.carriers.queries import GatewayRoute

#: Hangup causes that say that a gateway, and not who was called, is the trouble.
TROUBLE = frozenset({
    "GATEWAY_DOWN",
    "NETWORK_OUT_OF_ORDER",
    "NORMAL_TEMPORARY_FAILURE",
    "RECOVERY_ON_TIMER_EXPIRE",
    "REQUESTED_CHAN_UNAVAIL",
    "SERVICE_UNAVAILABLE",
    "SWITCH_CONGESTION",
})  # fmt: skip
_MOST = 10_000
_until: dict[tuple[str, str], float] = {}


def let_rest(route: GatewayRoute, cause: str) -> None:
    """It failed with this cause: leave it alone for its carrier's `grace_period`."""
    if cause not in TROUBLE:
        return
    if len(_until) >= _MOST:
        _until.clear()
    _until[route.resource_id, route.gateway] = time.monotonic() + route.grace_period


def rested_first(routes: Iterable[GatewayRoute]) -> list[GatewayRoute]:
    """In their order, those that rest behind the others: where nothing else is left they are tried all the same."""
    now = time.monotonic()
    return sorted(routes, key=lambda route: _until.get((route.resource_id, route.gateway), 0.0) > now)


def forget_failures() -> None:
    """All gateways are as good as new."""
    _until.clear()
