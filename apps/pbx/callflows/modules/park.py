from __future__ import annotations

import re
from typing import Any, ClassVar

from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import Branch, Verb, go_on, stop
from apps.pbx.parking.documents import ParkData
from apps.pbx.parking.waiting import park, say, take_back
from apps.switching.calls.port import Call

_SLOT = re.compile(r"[0-9]{1,10}")


class Park(Verb[ParkData]):
    """Leave the caller waiting in a numbered slot, where any phone of the account can take the call back.

    Whoever parked the call is rung when nobody takes it. A phone that dials the slot itself is told its number, and
    may then transfer a caller there.
    """

    Data = ParkData
    children: ClassVar[dict[str, str]] = {
        "101, 102 …": "nobody took the call in this slot, nor did whoever parked it answer",
        "MAX_SLOT_EXCEEDED": "the slot is beyond max_slot_number",
        "_": "there was nobody to take back, or no slot for the call, or it waited for hours",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"action": "auto", "default_ringback_timeout": 120000, "default_callback_timeout": 30},
        {"action": "park", "max_slot_number": 120},
        {"action": "retrieve", "slot": "101"},
        {"action": "direct_park", "slots": {"101": {"ringback_timeout": 60000, "presence_id": "*3101"}}},
    )

    async def run(self, call: Call, data: ParkData) -> Branch:
        slot = data.slot or call.variables.get("capture_group", "")
        if slot and not _SLOT.fullmatch(slot):
            return await say(call, "park-invalid_slot", f"there is no slot {slot}")
        if data.action == "retrieve":
            return await take_back(call, slot)
        if data.action == "park":
            return await park(call, data, data.slot)
        return await park(call, data, slot, or_take_back=data.action == "auto" and bool(slot))

    def explain(self, asking: Asking, data: ParkData) -> Branch:
        if data.action == "retrieve":
            return go_on(why="nobody is parked")
        return stop(why=f"waits in slot {data.slot or asking.capture_group or 'the next free one'}")
