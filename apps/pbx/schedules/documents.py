"""What the documents of rules and sets look like, and the rule a document stands for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from apps.foundation.documents.shape import Shape
from apps.foundation.kit.clock import GREGORIAN_MAXIMUM, from_gregorian
from apps.pbx.endpoints.documents import BlankIsAbsent, Flags, Identifier
from apps.pbx.schedules.calendar import DAY, WEEKDAYS, Cycle, Ordinal, Rule
from apps.pbx.schedules.public_holidays import PublicHolidays, subdivisions_of

#: KAZOO's: the 11th of April 1983, a Monday.
FIRST_DAY = 62_586_115_200
Weekday = Literal["monday", "tuesday", "wednesday", "wensday", "thursday", "friday", "saturday", "sunday"]


def _moment(seconds: int) -> int:
    try:
        from_gregorian(seconds)
    except ValueError:
        raise PydanticCustomError("format", _("Not a time in Gregorian seconds")) from None
    return seconds


Gregorian = Annotated[int, Field(ge=0, le=GREGORIAN_MAXIMUM), AfterValidator(_moment)]


class Holidays(Shape):
    """The public holidays of a country instead of days of one's own."""

    country: str = Field(
        min_length=2, max_length=2, pattern="^[A-Z]{2}$", description="ISO 3166 alpha-2 code.", examples=["DE"]
    )
    subdivision: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=64, description="A part of the country with holidays of its own.", examples=["BY"]
    )
    names: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(
        default_factory=list,
        max_length=100,
        description="Only these, by their name in the country's language or in English; all of them where empty.",
    )

    @model_validator(mode="after")
    def _known(self) -> Holidays:
        parts = subdivisions_of(self.country)
        if parts is None:
            raise PydanticCustomError("not_found", _("No holidays are known for this country"))
        if self.subdivision and self.subdivision not in parts:
            known = ", ".join(parts)
            raise PydanticCustomError(
                "not_found", _("This country has no such part with holidays: {known}"), {"known": known}
            )
        return self


class TemporalRuleDocument(Shape):
    """On which days and at which hours something applies."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the rule.")
    cycle: Cycle = Field(description="How it recurs; `date` applies on `start_date` only.")
    interval: int = Field(1, ge=1, le=10_000, description="Every so many days, weeks, months or years.")
    days: list[Annotated[int, Field(ge=1, le=31)]] = Field(
        default_factory=list, max_length=31, description="Days of the month, monthly and yearly."
    )
    wdays: list[Weekday] = Field(
        default_factory=list, max_length=8, description="Days of the week; all of them where empty."
    )
    ordinal: Ordinal | None = Field(None, description="Which of the month's weekdays `wdays`, monthly and yearly.")
    month: int | None = Field(None, ge=1, le=12, description="The month, yearly.")
    start_date: Gregorian = Field(
        FIRST_DAY, description="The first date it may apply on, from which `interval` counts. Gregorian seconds."
    )
    end_date: Gregorian | None = Field(None, description="The last date it may apply on. Gregorian seconds.")
    exclude: list[date] = Field(
        default_factory=list,
        max_length=1000,
        description="Dates on which it does not apply.",
        examples=[["2026-12-24"]],
    )
    holidays: Holidays | None = Field(
        None, description="Apply on public holidays; `cycle`, `days` and the like then say nothing."
    )
    time_window_start: int = Field(0, ge=0, le=DAY, description="When it begins. Seconds of the day.")
    time_window_stop: int = Field(
        DAY, ge=0, le=DAY, description="When it ends; not after the start is on the next day. Seconds of the day."
    )
    enabled: bool | None = Field(
        None, description="`true`: applies whatever the calendar says. `false`: never. Absent: the calendar decides."
    )
    until: Gregorian | None = Field(
        None, description="When `enabled` ends and the calendar decides again. Gregorian seconds."
    )
    type: Annotated[str | None, BlankIsAbsent] = Field(None, max_length=64, description="A user interface's own kind.")
    flags: Flags | None = Field(None, description="Marks set by other applications.")


class TemporalRuleSetDocument(Shape):
    """Several rules under one name: it applies when one of them does."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the set.")
    temporal_rules: list[Identifier] = Field(
        default_factory=list, max_length=1000, description="Ids of rules, in the order in which they are tried."
    )
    flags: Flags | None = Field(None, description="Marks set by other applications.")


def rule_of(identifier: str, document: dict[str, Any]) -> Rule:
    """The rule a document stands for. Raises ValueError for a document that is none."""
    try:
        given = TemporalRuleDocument.model_validate(document)
    except ValidationError as error:
        raise ValueError(f"temporal rule {identifier} cannot be read: {error.error_count()} errors") from error
    holidays = given.holidays
    return Rule(
        id=identifier,
        name=given.name,
        cycle=given.cycle,
        interval=given.interval,
        days=frozenset(given.days),
        wdays=frozenset(_numbers(given.wdays)),
        ordinal=given.ordinal,
        month=given.month,
        start_date=from_gregorian(given.start_date).date(),
        end_date=from_gregorian(given.end_date).date() if given.end_date is not None else None,
        exclude=frozenset(given.exclude),
        holidays=PublicHolidays(holidays.country, holidays.subdivision or "", frozenset(holidays.names))
        if holidays is not None
        else None,
        window_start=given.time_window_start,
        window_stop=given.time_window_stop,
        enabled=given.enabled,
        until=_until(given.until),
    )


def _numbers(names: Iterable[str]) -> Iterable[int]:
    return (WEEKDAYS.index("wednesday" if name == "wensday" else name) for name in names)


def _until(seconds: int | None) -> datetime | None:
    return from_gregorian(seconds) if seconds is not None else None
