"""When the decision between rules next becomes another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.pbx.schedules.calendar import DAY, ONE_DAY, Rule, evaluate

#: Further ahead nobody plans. A rule for the 29th of February needs eight years where a century comes between.
HORIZON = timedelta(days=3660)


def next_change(rules: Sequence[Rule], moment: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment (UTC) after an aware `moment` at which another rule applies, or none does any more; None where
    that is more than ten years ahead.

    Between the moments at which a window opens or closes, a switch by hand ends, or the clocks are changed, nothing
    can change; so only those are tried, a day at a time.
    """
    current = _applying(rules, moment, zone)
    since, end = moment.astimezone(UTC), moment.astimezone(UTC) + HORIZON
    expiries = [rule.until.astimezone(UTC) for rule in rules if rule.until is not None]
    calendars = [rule for rule in rules if rule.enabled is None or rule.until is not None]
    if not calendars:
        return None
    while since < end:
        upto = since + ONE_DAY
        tried = {*_edges(calendars, since, upto, zone), *_clock_change(since, upto, zone), *expiries}
        for candidate in sorted(one for one in tried if since < one <= upto):
            if _applying(rules, candidate, zone) != current:
                return candidate
        since = upto
    return None


def _applying(rules: Sequence[Rule], moment: datetime, zone: ZoneInfo) -> Rule | None:
    return evaluate(rules, moment, zone).rule


def _edges(rules: Sequence[Rule], since: datetime, upto: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """When windows open and close that may do so between the two moments."""
    first, last = since.astimezone(zone).date() - ONE_DAY, upto.astimezone(zone).date()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    for rule in rules:
        for day in days:
            if rule.covers(day):
                yield from _on_the_wall(day, rule.window_start, zone)
                yield from _on_the_wall(day, rule.closes, zone)


def _on_the_wall(day: date, seconds: int, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments at which the clocks show this: one, or both where the hour happens twice."""
    shown = datetime.combine(day + timedelta(days=seconds // DAY), time()) + timedelta(seconds=seconds % DAY)
    for fold in (0, 1):
        yield shown.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _clock_change(since: datetime, upto: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moment between the two at which the clocks are changed, to the second."""
    before = since.astimezone(zone).utcoffset()
    if before == upto.astimezone(zone).utcoffset():
        return
    low, high = int(since.timestamp()), int(upto.timestamp()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    yield datetime.fromtimestamp(high, UTC)
