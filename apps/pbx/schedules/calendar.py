"""When a rule applies. Pure functions of the clock on the wall; no queries, no Django.

A *rule* covers dates; on each date it covers, its *window* opens at `window_start` and closes before `window_stop`,
both in seconds of the day as the clock on the wall shows them. A stop that is not after the start is on the next day.
So where clocks go forward, a window inside the hour that does not exist never opens, and one that should begin in it
begins with the first minute there is; where they go back, a window inside the hour that happens twice opens twice.

A *decision* is which of several rules applies: the first in their order. A rule that is `enabled` applies whatever the
calendar says, one that is disabled never; with `until`, only until then.

Source of the cycles: KAZOO's temporal rules. Weeks begin on Monday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from apps.pbx.schedules.public_holidays import PublicHolidays

Cycle = Literal["date", "daily", "weekly", "monthly", "yearly"]
Ordinal = Literal["every", "first", "second", "third", "fourth", "fifth", "last"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: Where in a month each weekday is counted; -1 is the last.
PLACES: dict[str, int] = {
    name: -1 if name == "last" else number for number, name in enumerate(get_args(Ordinal)) if name != "every"
}
DAY = 86_400
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """`interval` counts days, weeks, months or years from `start_date`; `end_date` is the last date it may cover.

    `wdays` are 0 for Monday to 6; `month` None is January where days are named, else the month of `start_date`.
    Without `days`, `wdays` and `ordinal`, a monthly or yearly rule covers the day of the month `start_date` has. With
    `holidays`, the dates are theirs, and the cycle says nothing.
    """

    id: str
    name: str = ""
    cycle: Cycle = "daily"
    interval: int = 1
    days: frozenset[int] = frozenset()
    wdays: frozenset[int] = frozenset()
    ordinal: Ordinal | None = None
    month: int | None = None
    start_date: date = date(1983, 4, 11)
    end_date: date | None = None
    exclude: frozenset[date] = frozenset()
    holidays: PublicHolidays | None = None
    window_start: int = 0
    window_stop: int = DAY
    enabled: bool | None = None
    until: datetime | None = None

    @property
    def closes(self) -> int:
        """Seconds from the beginning of the covered date to the closing, more than a day for the next day's."""
        return self.window_stop if self.window_stop > self.window_start else self.window_stop + DAY

    def forced(self, moment: datetime) -> bool | None:
        """True or False where somebody switched the rule on or off, None where the calendar decides."""
        return None if self.until is not None and moment >= self.until else self.enabled

    def covers(self, day: date) -> bool:
        """Whether a window opens on this date."""
        if day < self.start_date or (self.end_date is not None and day > self.end_date) or day in self.exclude:
            return False
        return bool(self.holidays.name_on(day)) if self.holidays is not None else _recurs(self, day)


class Decision(NamedTuple):
    """The rule that applies, None for none of them, and the reason."""

    rule: Rule | None
    why: Why


@dataclass(frozen=True, slots=True)
class Why:
    """`switched_on`: by hand, `until` a moment or for good. `calendar`: the window of `day`, a holiday or not.
    `nothing`: no rule applies."""

    kind: Literal["switched_on", "calendar", "nothing"]
    day: date | None = None
    holiday: str = ""
    until: datetime | None = None


def evaluate(rules: Sequence[Rule], moment: datetime, zone: ZoneInfo) -> Decision:
    """Which of the rules applies at an aware `moment`, by the clocks of `zone`."""
    local = moment.astimezone(zone)
    today, seconds = local.date(), local.hour * 3600 + local.minute * 60 + local.second
    for rule in rules:
        if (forced := rule.forced(moment)) is not None:
            if forced:
                return Decision(rule, Why("switched_on", until=rule.until))
            continue
        if (day := _open_since(rule, today, seconds)) is not None:
            return Decision(rule, Why("calendar", day, rule.holidays.name_on(day) if rule.holidays else ""))
    return Decision(None, Why("nothing"))


def _open_since(rule: Rule, today: date, seconds: int) -> date | None:
    """The covered date whose window is open: today's, or yesterday's past midnight."""
    if rule.window_start <= seconds < rule.closes and rule.covers(today):
        return today
    yesterday = today - ONE_DAY
    return yesterday if seconds + DAY < rule.closes and rule.covers(yesterday) else None


def _recurs(rule: Rule, day: date) -> bool:
    start = rule.start_date
    if rule.cycle == "date":
        return day == start
    if rule.cycle == "daily":
        return (day - start).days % rule.interval == 0
    if rule.cycle == "weekly":
        weeks = (_monday(day) - _monday(start)).days // 7
        return weeks % rule.interval == 0 and (not rule.wdays or day.weekday() in rule.wdays)
    if rule.cycle == "monthly":
        months = (day.year - start.year) * 12 + day.month - start.month
        return months % rule.interval == 0 and _in_month(rule, day)
    if (day.year - start.year) % rule.interval:
        return False
    unnamed = not rule.days and not rule.wdays and rule.ordinal is None
    return day.month == (rule.month or (start.month if unnamed else 1)) and _in_month(rule, day)


def _in_month(rule: Rule, day: date) -> bool:
    if (place := PLACES.get(rule.ordinal or "")) is not None and not rule.days:
        return (not rule.wdays or day.weekday() in rule.wdays) and _is_nth(day, place)
    if rule.days:
        return day.day in rule.days
    return day.weekday() in rule.wdays if rule.wdays else rule.ordinal == "every" or day.day == rule.start_date.day


def _is_nth(day: date, place: int) -> bool:
    """Whether the day is that one of its weekday in its month."""
    if place == -1:
        return (day + timedelta(days=7)).month != day.month
    return (day.day - 1) // 7 + 1 == place


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
