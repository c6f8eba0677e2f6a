"""When rules apply: every cycle, windows past midnight, clock changes, and agreement with a slow model."""

from __future__ import annotations

import calendar as months
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.pbx.schedules.calendar import PLACES, Rule, evaluate
from apps.pbx.schedules.changes import next_change
from apps.pbx.schedules.public_holidays import PublicHolidays

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = 3600, 86_400
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


def a_rule(**fields: Any) -> Rule:
    for name in ("days", "wdays", "exclude"):
        if name in fields:
            fields[name] = frozenset(fields[name])
    return Rule(**{"id": "r" * 32, **fields})


def local(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def applies(rule: Rule, text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> bool:
    return evaluate([rule], local(text, zone, fold), zone).rule is rule


def days_of(rule: Rule, year: int, month: int) -> list[int]:
    return [day for day in range(1, months.monthrange(year, month)[1] + 1) if rule.covers(date(year, month, day))]


@pytest.mark.parametrize(
    ("fields", "year", "month", "expected"),
    [
        ({"cycle": "date", "start_date": date(2026, 3, 9)}, 2026, 3, [9]),
        ({"cycle": "daily", "start_date": date(2026, 3, 2), "interval": 10}, 2026, 3, [2, 12, 22]),
        ({"cycle": "weekly", "wdays": [MON, FRI]}, 2026, 2, [2, 6, 9, 13, 16, 20, 23, 27]),
        (
            {"cycle": "weekly", "wdays": [SUN], "start_date": date(2026, 2, 4), "interval": 2},
            2026, 2, [8, 22],
        ),
        ({"cycle": "monthly", "days": [1, 31]}, 2026, 2, [1]),
        ({"cycle": "monthly", "days": [1, 31]}, 2026, 3, [1, 31]),
        ({"cycle": "monthly", "wdays": [TUE], "ordinal": "second"}, 2026, 3, [10]),
        ({"cycle": "monthly", "wdays": [TUE], "ordinal": "fifth"}, 2026, 3, [31]),
        ({"cycle": "monthly", "wdays": [TUE], "ordinal": "fifth"}, 2026, 4, []),
        ({"cycle": "monthly", "wdays": [TUE], "ordinal": "last"}, 2026, 4, [28]),
        ({"cycle": "monthly", "wdays": [TUE], "ordinal": "every"}, 2026, 4, [7, 14, 21, 28]),
        ({"cycle": "monthly", "start_date": date(2026, 1, 15)}, 2026, 4, [15]),
        ({"cycle": "monthly", "start_date": date(2026, 1, 15), "interval": 2}, 2026, 4, []),
        ({"cycle": "yearly", "month": 12, "days": [25], "ordinal": "every"}, 2026, 12, [25]),
        ({"cycle": "yearly", "month": 12, "days": [25], "ordinal": "every"}, 2026, 11, []),
        ({"cycle": "yearly", "month": 11, "wdays": [THU], "ordinal": "fourth"}, 2026, 11, [26]),
        ({"cycle": "yearly", "month": 5, "wdays": [MON], "ordinal": "last"}, 2026, 5, [25]),
        ({"cycle": "yearly", "start_date": date(2020, 6, 5), "interval": 3}, 2026, 6, [5]),
        ({"cycle": "yearly", "start_date": date(2020, 6, 5), "interval": 4}, 2026, 6, []),
        ({"cycle": "yearly", "month": 2, "days": [29]}, 2027, 2, []),
        ({"cycle": "yearly", "month": 2, "days": [29]}, 2028, 2, [29]),
        (
            {"cycle": "daily", "start_date": date(2026, 2, 3), "end_date": date(2026, 2, 6),
             "exclude": [date(2026, 2, 4)]},
            2026, 2, [3, 5, 6],
        ),
        ({"holidays": PublicHolidays("DE", "BY")}, 2026, 1, [1, 6]),
        ({"holidays": PublicHolidays("DE")}, 2026, 1, [1]),
        ({"holidays": PublicHolidays("US", names=frozenset({"independence day (observed)"}))}, 2026, 7, [3]),
        ({"holidays": PublicHolidays("DE", names=frozenset({"Erster Weihnachtstag"}))}, 2026, 12, [25]),
    ],
)  # fmt: skip
def test_which_days_a_cycle_covers(fields: dict[str, Any], year: int, month: int, expected: list[int]) -> None:
    assert days_of(a_rule(**fields), year, month) == expected


def test_a_window_begins_with_its_start_and_ends_before_its_stop() -> None:
    rule = a_rule(window_start=9 * HOUR, window_stop=17 * HOUR)
    assert [applies(rule, f"2026-02-03T{clock}") for clock in ("08:59:59", "09:00:00", "16:59:59", "17:00:00")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_window_past_midnight_belongs_to_the_day_it_began_on() -> None:
    rule = a_rule(cycle="weekly", wdays=[FRI], window_start=22 * HOUR, window_stop=2 * HOUR)
    assert not applies(rule, "2026-02-06T01:00"), "Friday's early morning belongs to Thursday"
    assert applies(rule, "2026-02-06T23:00")
    assert applies(rule, "2026-02-07T01:59:59")
    assert not applies(rule, "2026-02-07T02:00")
    assert evaluate([rule], local("2026-02-07T01:00"), BERLIN).why.day == date(2026, 2, 6)


def test_a_start_that_is_its_stop_is_a_whole_day() -> None:
    rule = a_rule(cycle="weekly", wdays=[FRI], window_start=8 * HOUR, window_stop=8 * HOUR)
    assert [applies(rule, moment) for moment in ("2026-02-06T07:59", "2026-02-06T08:00", "2026-02-07T07:59")] == [
        False, True, True,
    ]  # fmt: skip


def test_the_first_rule_that_applies_wins() -> None:
    closed, open_ = a_rule(id="closed", cycle="yearly", month=12, days=[25]), a_rule(id="open")
    assert evaluate([closed, open_], local("2026-12-25T12:00"), BERLIN).rule is closed
    assert evaluate([closed, open_], local("2026-12-26T12:00"), BERLIN).rule is open_
    assert evaluate([open_, closed], local("2026-12-25T12:00"), BERLIN).rule is open_


def test_switched_by_hand() -> None:
    never = a_rule(cycle="date", start_date=date(2000, 1, 1), enabled=True)
    assert evaluate([never], local("2026-02-03T12:00"), BERLIN).why.kind == "switched_on"
    assert not applies(a_rule(enabled=False), "2026-02-03T12:00")
    until = a_rule(cycle="date", start_date=date(2000, 1, 1), enabled=True, until=local("2026-02-03T18:00"))
    assert applies(until, "2026-02-03T17:59:59")
    assert not applies(until, "2026-02-03T18:00")
    assert next_change([until], local("2026-02-03T12:00"), BERLIN) == local("2026-02-03T18:00")
    off = a_rule(enabled=False, until=local("2026-02-03T18:00"))
    assert next_change([off], local("2026-02-03T12:00"), BERLIN) == local("2026-02-03T18:00")


# Germany: on 2026-03-29 the clocks go from 02:00 to 03:00, on 2026-10-25 from 03:00 back to 02:00.


def test_a_window_inside_the_hour_that_does_not_exist_never_opens() -> None:
    rule = a_rule(cycle="date", start_date=date(2026, 3, 29), window_start=2 * HOUR + 900, window_stop=2 * HOUR + 2700)
    noon = local("2026-03-28T12:00").astimezone(UTC)
    assert not any(evaluate([rule], noon + timedelta(minutes=n), BERLIN).rule for n in range(2 * 24 * 60))
    assert next_change([rule], noon, BERLIN) is None


def test_a_window_that_begins_in_the_hour_that_does_not_exist_opens_after_it() -> None:
    rule = a_rule(cycle="date", start_date=date(2026, 3, 29), window_start=2 * HOUR + 1800, window_stop=5 * HOUR)
    opens = next_change([rule], local("2026-03-28T12:00"), BERLIN)
    assert opens == datetime(2026, 3, 29, 1, 0, tzinfo=UTC) == local("2026-03-29T03:00")
    assert next_change([rule], opens, BERLIN) == local("2026-03-29T05:00")


def test_a_window_that_ends_in_the_hour_that_does_not_exist_closes_with_it() -> None:
    rule = a_rule(cycle="date", start_date=date(2026, 3, 29), window_start=HOUR, window_stop=2 * HOUR + 1800)
    assert next_change([rule], local("2026-03-29T01:30"), BERLIN) == local("2026-03-29T03:00")


def test_a_window_inside_the_hour_that_happens_twice_opens_twice() -> None:
    rule = a_rule(cycle="date", start_date=date(2026, 10, 25), window_start=2 * HOUR + 900, window_stop=2 * HOUR + 2700)
    assert applies(rule, "2026-10-25T02:30", fold=0)
    assert applies(rule, "2026-10-25T02:30", fold=1)
    moment, seen = local("2026-10-25T01:00").astimezone(UTC), []
    while (change := next_change([rule], moment, BERLIN)) is not None:
        seen.append(change)
        moment = change
    assert seen == [datetime(2026, 10, 25, hour, minute, tzinfo=UTC) for hour in (0, 1) for minute in (15, 45)]


def test_a_day_of_25_hours_is_open_for_ten_if_it_is_open_from_midnight_to_nine() -> None:
    rule = a_rule(cycle="date", start_date=date(2026, 10, 25), window_stop=9 * HOUR)
    opens = next_change([rule], local("2026-10-24T12:00"), BERLIN)
    assert opens is not None
    closes = next_change([rule], opens, BERLIN)
    assert closes is not None
    assert closes - opens == timedelta(hours=10)


def test_zones_that_change_at_midnight_or_by_half_an_hour() -> None:
    # Beirut: midnight does not exist on 2026-03-29. Lord Howe: half an hour at 02:00 on 2026-10-04.
    beirut, lord_howe = ZoneInfo("Asia/Beirut"), ZoneInfo("Australia/Lord_Howe")
    whole = a_rule(cycle="date", start_date=date(2026, 3, 29))
    assert next_change([whole], local("2026-03-28T12:00", beirut), beirut) == local("2026-03-29T01:00", beirut)
    half = a_rule(cycle="date", start_date=date(2026, 10, 4), window_start=2 * HOUR + 600, window_stop=4 * HOUR)
    assert next_change([half], local("2026-10-03T12:00", lord_howe), lord_howe) == local("2026-10-04T02:30", lord_howe)


def test_always_the_same_never_changes() -> None:
    assert next_change([a_rule()], local("2026-02-03T12:00"), BERLIN) is None
    assert next_change([], local("2026-02-03T12:00"), BERLIN) is None
    assert next_change([a_rule(enabled=True)], local("2026-02-03T12:00"), BERLIN) is None


def test_a_change_years_ahead_is_found() -> None:
    leap_day = a_rule(cycle="yearly", month=2, days=[29])
    assert next_change([leap_day], local("2096-03-01T00:00"), BERLIN) == local("2104-02-29T00:00")


# The slow model: walks through every day of a recurrence from its start, and knows windows as wall-clock intervals.


@lru_cache(maxsize=1000)
def slow_covers(rule: Rule, day: date) -> bool:
    if day < rule.start_date or day in rule.exclude or (rule.end_date and day > rule.end_date):
        return False
    if rule.cycle == "date":
        return day == rule.start_date
    if rule.cycle == "daily":
        walked = rule.start_date
        while walked < day:
            walked += timedelta(days=rule.interval)
        return walked == day
    if rule.cycle == "weekly":
        monday = rule.start_date
        while monday.weekday() != MON:
            monday -= timedelta(days=1)
        while monday + timedelta(days=6) < day:
            monday += timedelta(weeks=rule.interval)
        return monday <= day and (not rule.wdays or day.weekday() in rule.wdays)
    year, month = rule.start_date.year, rule.start_date.month
    if rule.cycle == "yearly":
        named = rule.days or rule.wdays or rule.ordinal
        month = rule.month or (1 if named else month)
    step = rule.interval * (12 if rule.cycle == "yearly" else 1)
    while (year, month) < (day.year, day.month):
        year, month = year + (month - 1 + step) // 12, (month - 1 + step) % 12 + 1
    return (year, month) == (day.year, day.month) and day.day in slow_days(rule, year, month)


def slow_days(rule: Rule, year: int, month: int) -> list[int]:
    weeks = months.monthcalendar(year, month)
    if rule.days:
        return sorted(rule.days)
    if rule.ordinal is None and not rule.wdays:
        return [rule.start_date.day]
    wdays = rule.wdays or range(7)
    columns = [[week[weekday] for week in weeks if week[weekday]] for weekday in wdays]
    if rule.ordinal in (None, "every"):
        return [day for column in columns for day in column]
    place = PLACES[str(rule.ordinal)]
    return [column[place if place < 0 else place - 1] for column in columns if place <= len(column)]


def slow_applies(rule: Rule, moment: datetime, zone: ZoneInfo) -> bool:
    if rule.enabled is not None and not (rule.until and moment >= rule.until):
        return rule.enabled
    wall = moment.astimezone(zone).replace(tzinfo=None)
    for ago in (0, 1):
        day = wall.date() - timedelta(days=ago)
        midnight = datetime(day.year, day.month, day.day)
        length = (rule.window_stop - rule.window_start) % DAY or DAY
        opens = midnight + timedelta(seconds=rule.window_start)
        if (rule.window_start, rule.window_stop) == (0, DAY):
            length = DAY
        if opens <= wall < opens + timedelta(seconds=length) and slow_covers(rule, day):
            return True
    return False


ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "UTC")]
)
#: Around the clock changes of 2026, and anywhere.
MOMENTS = st.one_of(
    st.sampled_from([date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 4), date(2026, 10, 25), date(2026, 11, 1)]),
    st.dates(date(2025, 1, 1), date(2028, 12, 31)),
).flatmap(
    lambda day: st.integers(-2 * 1440, 2 * 1440).map(
        lambda minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
    )
)
#: Whole minutes, so that a minute's step misses nothing.
SECONDS = st.one_of(
    st.sampled_from([0, 2 * HOUR, 2 * HOUR + 1800, 3 * HOUR]), st.integers(0, 1439).map(lambda n: n * 60)
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    forced = draw(st.sampled_from([None, None, None, True, False]))
    return a_rule(
        id=draw(st.text("abcdef", min_size=4, max_size=4)),
        cycle=draw(st.sampled_from(["date", "daily", "weekly", "monthly", "yearly"])),
        interval=draw(st.sampled_from([1, 1, 2, 3])),
        days=draw(st.sets(st.integers(1, 31), max_size=3)),
        wdays=draw(st.sets(st.integers(0, 6), max_size=3)),
        ordinal=draw(st.sampled_from([None, "every", *PLACES])),
        month=draw(st.sampled_from([None, 1, 3, 10])),
        start_date=draw(st.one_of(st.just(date(1983, 4, 11)), st.dates(date(2025, 6, 1), date(2026, 12, 31)))),
        end_date=draw(st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2028, 1, 1)))),
        exclude=draw(st.sets(st.dates(date(2026, 3, 25), date(2026, 4, 5)), max_size=2)),
        window_start=draw(SECONDS),
        window_stop=draw(st.one_of(st.just(DAY), SECONDS)),
        enabled=forced,
        until=draw(st.one_of(st.none(), MOMENTS)) if forced is not None else None,
    )


@settings(max_examples=400, deadline=None)
@given(rule=rules(), moment=MOMENTS, zone=ZONES)
def test_evaluation_agrees_with_the_slow_model(rule: Rule, moment: datetime, zone: ZoneInfo) -> None:
    assert (evaluate([rule], moment, zone).rule is rule) == slow_applies(rule, moment, zone)


@settings(max_examples=40, deadline=None)
@given(several=st.lists(rules(), min_size=1, max_size=3, unique_by=lambda rule: rule.id), moment=MOMENTS, zone=ZONES)
def test_the_next_change_is_the_next_change(several: list[Rule], moment: datetime, zone: ZoneInfo) -> None:
    """Found minute by minute: nothing changes before it, and something does with it."""

    def at(when: datetime) -> str | None:
        return next((rule.id for rule in several if slow_applies(rule, when, zone)), None)

    change = next_change(several, moment, zone)
    minutes = [moment + timedelta(minutes=number) for number in range(3 * 1440)]
    applying = pairwise(map(at, minutes))
    found = next(
        (minute for minute, (before, after) in zip(minutes[1:], applying, strict=False) if after != before), None
    )
    if found is not None:
        assert change == found
    elif change is not None:
        assert change > minutes[-1]
        assert at(change) != at(moment)
