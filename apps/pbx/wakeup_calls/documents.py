"""What the document of a wake-up call looks like."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.endpoints.documents import BlankIsAbsent, Flags, Identifier, TimeZone

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
RETRIES, RETRY_SECONDS, SNOOZE_MINUTES, RING_SECONDS = 2, 300, 10, 45


class WakeupCallDocument(Shape):
    """A phone that is called at a time of day, once or on days of the week."""

    name: Annotated[str | None, BlankIsAbsent] = Field(None, max_length=128, description="A friendly name: a room.")
    device_id: Annotated[Identifier | None, BlankIsAbsent] = Field(None, description="The phone that is called.")
    owner_id: Annotated[Identifier | None, BlankIsAbsent] = Field(
        None, description="Whose call it is. Without `device_id` all his phones are called."
    )
    time: str = Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="By the clock on the wall, from `00:00` to `23:59`. A time that a clock change leaves out is "
        "called with the first minute there is, one that happens twice the first time.",
        examples=["07:30"],
    )
    date: datetime.date | None = Field(
        None,
        description="The one day to call on. Without `date` and `days` it is called once, when it is next that time.",
    )
    days: list[Weekday] = Field(
        default_factory=list, max_length=7, description="Days of the week to call on, for as long as it is enabled."
    )
    timezone: Annotated[TimeZone | None, BlankIsAbsent] = Field(
        None, description="An IANA time zone; the device's, else the user's, else the account's where it is absent."
    )
    enabled: bool = Field(True, description="Whether it is called. A call that is over is switched off.")
    retries: int = Field(RETRIES, ge=0, le=10, description="How often a call nobody answered is made again.")
    retry_interval: int = Field(RETRY_SECONDS, ge=60, le=3600, description="The time until then. Seconds.")
    snooze_minutes: int = Field(
        SNOOZE_MINUTES, ge=0, le=60, description="When whoever presses 1 is called again; 0 does not offer it. Minutes."
    )
    timeout: int = Field(RING_SECONDS, ge=5, le=120, description="How long the phone rings. Seconds.")
    next_call: int | None = Field(
        None, description="When it is next called. Gregorian seconds.", json_schema_extra={"readOnly": True}
    )
    last_call: int | None = Field(
        None, description="When it was last called. Gregorian seconds.", json_schema_extra={"readOnly": True}
    )
    last_result: str | None = Field(
        None,
        description="`answered`, `confirmed` (with a key), `snoozed`, `unanswered`, `failed` (no phone could be rung) "
        "or `missed` (the system was down).",
        json_schema_extra={"readOnly": True},
    )
    flags: Flags | None = Field(None, description="Marks set by other applications.")
