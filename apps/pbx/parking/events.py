"""What is announced about parked calls, with KAZOO's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from apps.foundation.events.event import Event
from apps.foundation.kit.clock import now, to_gregorian

ParkingEvent = Literal["PARK_PARKED", "PARK_RETRIEVED", "PARK_ABANDONED"]


@dataclass(frozen=True, slots=True)
class ParkingChanged(Event):
    """A call was parked, taken back, or ended while it waited."""

    name: ParkingEvent
    call_id: str
    slot: str
    parker_id: str
    caller_id_name: str
    caller_id_number: str

    @property
    def key(self) -> str:
        return f"call.{self.name}.{self.call_id}"

    def data(self) -> dict[str, Any]:
        found = {
            "event_category": "call_event",
            "event_name": self.name,
            "timestamp": to_gregorian(now()),
            "account_id": self.account_id,
            "call_id": self.call_id,
            "parking_slot": self.slot,
            "authorizing_id": self.parker_id,
            "caller_id_name": self.caller_id_name,
            "caller_id_number": self.caller_id_number,
        }
        return {name: value for name, value in found.items() if value != ""}
