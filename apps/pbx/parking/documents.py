"""How a callflow says that calls are parked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.registry import VerbData
from apps.pbx.endpoints.documents import BlankIsAbsent

PresenceType = Literal["early", "confirmed", "terminated"]
#: Before the parker is rung, in milliseconds; how long he is, in seconds.
RINGBACK, CALLBACK = 120_000, 30


class SlotSettings(Shape):
    """What holds for one slot, in place of what the flow says for all."""

    ringback_timeout: int | None = Field(
        None, ge=1_000, le=86_400_000, description="How long a call waits before the parker is rung. Milliseconds."
    )
    callback_timeout: int | None = Field(None, ge=1, le=3_600, description="How long the parker rings. Seconds.")
    presence_id: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=128, description="The lamp that shows whether a call waits here."
    )
    presence_type: PresenceType | None = Field(None, description="How that lamp shows it.")


class ParkData(VerbData):
    action: Literal["park", "direct_park", "retrieve", "auto"] = Field(
        "park",
        description="Park in the next free slot from 101 on and say which (`park`), in the slot that was dialled "
        "(`direct_park`), take a call back (`retrieve`), or whichever applies to the slot that was dialled (`auto`).",
    )
    slot: str = Field("", max_length=16, pattern=r"^[0-9]*$", description="Always this slot, whatever was dialled.")
    slots: dict[str, SlotSettings] = Field(default_factory=dict, description="Settings of single slots, by number.")
    default_ringback_timeout: int = Field(
        RINGBACK, ge=1_000, le=86_400_000, description="How long a call waits before the parker is rung. Milliseconds."
    )
    default_callback_timeout: int = Field(CALLBACK, ge=1, le=3_600, description="How long the parker rings. Seconds.")
    default_presence_type: PresenceType = Field("early", description="How a slot's lamp shows that a call waits.")
    presence_id: str = Field("", max_length=128, description="The lamp of every slot, with `custom_presence_id`.")
    custom_presence_id: bool = Field(
        False,
        description="Whether `presence_id` is the lamp; without, it is what is dialled for the slot.",
    )
    max_slot_number: int | None = Field(
        None, ge=1, description="No slot beyond this one: the call goes on at MAX_SLOT_EXCEEDED instead."
    )

    def ringback_seconds(self, slot: str) -> float:
        own = self.slots.get(slot)
        return (own.ringback_timeout if own and own.ringback_timeout else self.default_ringback_timeout) / 1000

    def callback_seconds(self, slot: str) -> int:
        own = self.slots.get(slot)
        return own.callback_timeout if own and own.callback_timeout else self.default_callback_timeout

    def presence_type_of(self, slot: str) -> PresenceType:
        own = self.slots.get(slot)
        return own.presence_type if own and own.presence_type else self.default_presence_type

    def presence_of(self, slot: str, dialled: str) -> str:
        """The lamp of a slot. Where nothing says, it is what is dialled for the slot: `*3101`."""
        own = self.slots.get(slot)
        if own and own.presence_id:
            return own.presence_id.partition("@")[0]
        if self.custom_presence_id and self.presence_id:
            return self.presence_id.partition("@")[0]
        return dialled if dialled != slot and dialled.endswith(slot) and self.action != "retrieve" else f"*3{slot}"
