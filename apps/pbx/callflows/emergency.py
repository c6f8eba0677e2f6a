"""Calls to the emergency services: no limit, restriction or privacy may stand in their way.

What is shown to them is a number at which the caller can be found: the device's, then the user's, then the account's
emergency caller id, and with `ensure_valid_emergency_cid` only a number that has an emergency address (`features` or
`e911` of its document).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.foundation.accounts.models import Account
from apps.foundation.events.event import Event
from apps.pbx.numbers.answering import as_number, home_region
from apps.pbx.numbers.classifiers import EMERGENCY, Classifier, classify
from apps.pbx.numbers.models import PhoneNumber
from apps.switching.calls.port import CallerId

#: The North American number for trying out an emergency route without waking anybody.
TEST_NUMBER = "933"
E911 = "e911"


def is_emergency(dialled: str, region: str, classifiers: Sequence[Classifier] = ()) -> bool:
    """Whether `dialled` is an emergency number of the country (ISO 3166 alpha-2), such as 911 or 112, or the account
    classifies it as one."""
    from phonenumbers import is_emergency_number

    if dialled == TEST_NUMBER or is_emergency_number(dialled, region):
        return True
    return bool(classifiers) and classify(dialled, classifiers).name == EMERGENCY


@dataclass(frozen=True, slots=True)
class EmergencyCall(Event):
    """Somebody called the emergency services, or was not let through (`denied`): a reason to look after him. `address`
    is where he is found, `contacts` are the mail addresses of whoever is told, as the number that was shown says."""

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = ("notification.emergency_bridge", "notification.denied_emergency_bridge")

    call_id: str
    dialled: str
    caller_id_name: str
    caller_id_number: str
    device_id: str
    owner_id: str
    denied: bool = False
    address: str = ""
    contacts: tuple[str, ...] = ()

    @classmethod
    def examples(cls) -> Sequence[Event]:
        call_id, device_id = "c0ffee00-1111-2222-3333-444455556666", "0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        of = ("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", call_id, "911", "Corner Bakery", "+13125550100")
        whole = cls(*of, device_id, device_id, address="1 Main St", contacts=("ada@example.com",))
        return [whole, cls(*of, "", "", denied=True)]

    @property
    def key(self) -> str:
        return f"notification.{'denied_emergency_bridge' if self.denied else 'emergency_bridge'}"

    def data(self) -> dict[str, Any]:
        found = {
            "call_id": self.call_id,
            "emergency_to_did": self.dialled,
            "emergency_caller_id_name": self.caller_id_name,
            "emergency_caller_id_number": self.caller_id_number,
            "device_id": self.device_id,
            "owner_id": self.owner_id,
            "emergency_address": self.address,
            "emergency_notification_contact_emails": list(self.contacts),
        }
        return {name: value for name, value in found.items() if value not in ("", [])}


@dataclass(frozen=True, slots=True)
class Place:
    """The emergency address of a number in one line, and who is told of calls from there."""

    address: str = ""
    contacts: tuple[str, ...] = ()


#: The parts of an emergency address, in the order they are written on an envelope.
_PARTS = ("caller_name", "street_address", "extended_address", "locality", "region", "postal_code")


def place_of(account: Account, number: str) -> Place:
    """Where emergency services find whoever calls with this number. One query."""
    row = PhoneNumber.objects.filter(account_id=account.id, number=as_number(number, home_region(account))).first()
    e911 = row.document.get(E911) if row is not None else None
    if not isinstance(e911, Mapping):
        return Place()
    written = (str(e911.get(part) or "") for part in _PARTS)
    return Place(", ".join(filter(None, written)), tuple(e911.get("notification_contact_emails") or ()))


@dataclass(frozen=True, slots=True)
class Shown:
    """What the emergency services are shown; with `denied` the call is refused instead."""

    caller_id: CallerId
    denied: bool = False


def shown_to_emergency(account: Account, wanted: CallerId, options: Mapping[str, Any]) -> Shown:
    """`wanted`, or another number of the account where that has no emergency address and one is asked for.

    `options` are the account's own and inherited settings. One query, where numbers are checked at all.
    """
    if not options.get("ensure_valid_emergency_cid"):
        return Shown(wanted)
    fit = numbers_with_address(account)
    if as_number(wanted.number, home_region(account)) in fit:
        return Shown(wanted)
    if fit:
        return Shown(CallerId(wanted.name, fit[0]))
    if default := str(options.get("default_emergency_cid_number") or ""):
        return Shown(CallerId(wanted.name, default))
    return Shown(wanted, denied=bool(options.get("deny_invalid_emergency_cid")))


def numbers_with_address(account: Account) -> list[str]:
    """The account's numbers that have an emergency address, in order."""
    rows = PhoneNumber.objects.filter(account_id=account.id, state__in=PhoneNumber.ROUTABLE).order_by("number")
    return [row.number for row in rows if _has_address(row.document)]


def _has_address(document: Mapping[str, Any]) -> bool:
    features = document.get("features")
    return bool(document.get(E911)) or (isinstance(features, list | dict) and E911 in features)
