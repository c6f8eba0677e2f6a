"""What callflows announce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.foundation.events.event import Event
from apps.pbx.callflows.emergency import EmergencyCall

__all__ = ["CallNoted", "EmergencyCall"]

_ACCOUNT = "4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60"
_CALL = "c0ffee00-1111-2222-3333-444455556666"


@dataclass(frozen=True, slots=True)
class CallNoted(Event):
    """A flow said something about its call: `noted` are the fields of the step's data."""

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = ("call.EDR.{call_id}",)

    call_id: str
    fields: dict[str, str]
    noted: dict[str, Any]

    @property
    def key(self) -> str:
        return f"call.EDR.{self.call_id}"

    def data(self) -> dict[str, Any]:
        return {"call_id": self.call_id, "account_id": self.account_id, **self.fields, "metadata": self.noted}

    @classmethod
    def examples(cls) -> Sequence[Event]:
        fields = {
            "interaction_id": "63931000000-5b2d11f0",
            "caller_id_name": "Bob",
            "caller_id_number": "+13125550100",
            "to": "101",
            "callflow_id": "0f7d1c52b8e94f6b8a21c6f3d5e4b790",
        }
        return [cls(_ACCOUNT, _CALL, fields, {"stage": "reached the warehouse"})]
