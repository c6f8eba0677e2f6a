"""What is announced about parked calls, with KAZOO's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from apps.foundation.events.event import Event
from apps.foundation.kit.clock import now, to_gregorian

ParkingEvent = Literal["PARK_PARKED", "PARK_RETRIEVED", "PARK_ABANDONED"]


@dataclass(frozen=True, slots=True)
class ParkingChanged(Event):
    """A call was parked, taken back, or ended while it waited."""

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = (
        "call.PARK_PARKED.{call_id}",
        "call.PARK_RETRIEVED.{call_id}",
        "call.PARK_ABANDONED.{call_id}",
    )

    name: ParkingEvent
    call_id: str
    slot: str
    parker_id: str
    caller_id_name: str
    caller_id_number: str

    @classmethod
    def examples(cls) -> Sequence[Event]:
        call_id, parker_id = "c0ffee00-1111-2222-3333-444455556666", "0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        of = ("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "PARK_PARKED", call_id, "101")
        whole = cls(*of, parker_id, "Bob", "+13125550100")  # type: ignore[arg-type]
        return [whole, cls(*of, "", "", "")]  # type: ignore[arg-type]

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
