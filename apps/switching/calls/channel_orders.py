"""What may be done with a live channel over the API besides hanging up and transferring, by name. Apps above register
theirs when they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apps.foundation.identity.principal import Principal
from apps.switching.calls.models import LiveChannel

#: Checks what is asked and who asks, and has it done. Raises ValidationFailed and Forbidden.
Order = Callable[[Principal, LiveChannel, Mapping[str, Any]], None]
_orders: dict[str, Order] = {}


class DuplicateOrder(Exception):
    """Two apps claim one name."""


def register_order(name: str, order: Order) -> None:
    if _orders.setdefault(name, order) is not order:
        raise DuplicateOrder(name)


def order_named(name: str) -> Order | None:
    return _orders.get(name)


def order_names() -> list[str]:
    return sorted(_orders)
