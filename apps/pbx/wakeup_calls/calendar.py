"""When a wake-up call is due. Pure functions of the clock on the wall; no queries, no Django.

Where clocks go forward, a time inside the hour that does not exist is called with the first minute there is. Where they
go back, a time inside the hour that happens twice is called the first time only. A whole date that a country leaves out
(Samoa, 2011-12-30) has no call of the days of the week.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.pbx.schedules.calendar import WEEKDAYS

ONE_DAY, ONE_MINUTE = timedelta(days=1), timedelta(minutes=1)
#: A week may lose one of its days, so that the next one of that name is two weeks away.
FURTHEST_DAYS = 15
LONGEST_GAP_MINUTES = 1500


@dataclass(frozen=True, slots=True)
class Timing:
    """`days` are 0 for Monday to 6; with neither `days` nor `day` it is once, when the clock next shows `at`."""

    at: time
    day: date | None = None
    days: frozenset[int] = frozenset()

    @property
    def is_once(self) -> bool:
        return not self.days


def numbers_of(names: Set[str] | list[str]) -> frozenset[int]:
    return frozenset(WEEKDAYS.index(name) for name in names)


def next_call(timing: Timing, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment (UTC) after `after` (aware) at which it is due by the clocks of `zone`; None for never."""
    if timing.day is not None:
        found = moment_of(timing.day, timing.at, zone)
        return found if found is not None and found > after else None
    today = after.astimezone(zone).date()
    for ahead in range(-1, FURTHEST_DAYS):
        day = today + ahead * ONE_DAY
        if timing.days and day.weekday() not in timing.days:
            continue
        found = moment_of(day, timing.at, zone)
        if found is not None and found > after and found.astimezone(zone).date() == day:
            return found
    return None


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """The moment (UTC) at which the clock of `zone` first shows this time on this day, or the first one past a gap."""
    wall = datetime.combine(day, at)
    for _ in range(LONGEST_GAP_MINUTES):
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == wall:
            return moment
        wall += ONE_MINUTE
    return None
