"""Who is logged in to which phone, and who may log in. Runs inside `account_scope`."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.identity.errors import TooManyAttempts
from apps.foundation.identity.throttle import Throttle
from apps.pbx.devices.models import Device
from apps.pbx.users.models import User


@dataclass(frozen=True, slots=True)
class Desk:
    """A person at a phone that is not his."""

    device: Device
    user: User

    def to_document(self) -> dict[str, Any]:
        return {
            "id": self.device.id,
            "device_id": self.device.id,
            "device_name": self.device.name,
            "user_id": self.user.id,
            "first_name": self.user.first_name,
            "last_name": self.user.last_name,
            "hotdesk_id": hotdesk_of(self.user).get("id"),
        }


def hotdesk_of(user: User) -> Mapping[str, Any]:
    """The user's `hotdesk` group."""
    found = user.document.get("hotdesk")
    return found if isinstance(found, Mapping) else {}


def desks(devices: Iterable[Device]) -> list[Desk]:
    """Everybody logged in to one of these phones. One query."""
    phones = [device for device in devices if device.logged_in]
    users = User.objects.in_bulk({identifier for device in phones for identifier in device.logged_in})
    return [Desk(device, users[one]) for device in phones for one in device.logged_in if one in users]


def by_hotdesk_id(number: str) -> User | None:
    """Who logs in with this number; None for nobody, or for one who may not."""
    found: User | None = User.objects.filter(document__hotdesk__id=number, document__hotdesk__enabled=True).first()
    return found if found is not None and found.enabled else None


def is_pin_of(user: User, given: str) -> bool:
    """Whether the PIN is right, each try counted: whoever guesses has to wait, and is wrong meanwhile."""
    throttle = Throttle(current_account_id(), f"hotdesk/{user.id}", "")
    try:
        throttle.reserve()
    except TooManyAttempts:
        return False
    right = hmac.compare_digest(str(hotdesk_of(user).get("pin") or "").encode(), given.encode()) and bool(given)
    if right:
        throttle.succeeded()
    return right
