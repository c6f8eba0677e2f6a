"""What is announced about wake-up calls: `wakeup_call.answered.<id>`, `.snoozed`, `.failed`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from apps.foundation.events.event import Event


@dataclass(frozen=True, slots=True)
class WakeupCallFact(Event):
    """`failed` is said once per due time, after the last try; `result` says how (unanswered, failed, missed). `due` is
    in Gregorian seconds, `attempts` how often the phone was rung."""

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = (
        "wakeup_call.answered.{wakeup_call_id}",
        "wakeup_call.snoozed.{wakeup_call_id}",
        "wakeup_call.failed.{wakeup_call_id}",
    )

    event_name: Literal["answered", "snoozed", "failed"]
    id: str
    name: str
    device_id: str
    owner_id: str
    due: int
    result: str
    reason: str
    attempts: int

    @classmethod
    def examples(cls) -> Sequence[Event]:
        account_id, call_id = "4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        device_id, owner_id = "c2a9e1f04b7d4d7c9d3b6e8f1a5c7e92", "5e4b7900f7d1c52b8e94f6b8a21c6f3d"
        of = (call_id, "Room 12", device_id, owner_id, 63_937_323_000)
        return [cls(account_id, "failed", *of, "failed", "none of the phones is registered", 3)]

    @property
    def key(self) -> str:
        return f"wakeup_call.{self.event_name}.{self.id}"

    def data(self) -> dict[str, Any]:
        return {
            "event_category": "wakeup_call",
            "event_name": self.event_name,
            "account_id": self.account_id,
            "wakeup_call_id": self.id,
            "name": self.name,
            "device_id": self.device_id,
            "owner_id": self.owner_id,
            "due": self.due,
            "result": self.result,
            "reason": self.reason,
            "attempts": self.attempts,
        }
