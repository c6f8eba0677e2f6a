"""When wake-up calls are due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.pbx.wakeup_calls.calendar import Timing, moment_of, next_call

BERLIN, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")
ZONES = st.sampled_from(
    [BERLIN, NEW_YORK, LORD_HOWE, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Africa/Cairo")]
)
MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
WEEK = st.frozensets(st.integers(0, 6), min_size=1)


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    assert moment is not None
    return moment.astimezone(zone).isoformat(timespec="minutes")


def test_once_is_the_next_time_the_clock_shows_it() -> None:
    evening = datetime(2026, 11, 23, 22, 0, tzinfo=BERLIN)
    assert local(next_call(Timing(time(7, 30)), evening, BERLIN), BERLIN) == "2026-11-24T07:30+01:00"
    assert local(next_call(Timing(time(22, 1)), evening, BERLIN), BERLIN) == "2026-11-23T22:01+01:00"
    assert local(next_call(Timing(time(22, 0)), evening, BERLIN), BERLIN) == "2026-11-24T22:00+01:00"


def test_on_working_days() -> None:
    friday = datetime(2026, 11, 27, 8, 0, tzinfo=BERLIN)
    timing = Timing(time(7, 30), days=frozenset(range(5)))
    assert local(next_call(timing, friday, BERLIN), BERLIN) == "2026-11-30T07:30+01:00"


def test_a_date_comes_once() -> None:
    timing = Timing(time(7, 30), date(2026, 12, 24))
    due = next_call(timing, datetime(2026, 11, 23, tzinfo=UTC), NEW_YORK)
    assert local(due, NEW_YORK) == "2026-12-24T07:30-05:00"
    assert due is not None
    assert next_call(timing, due, NEW_YORK) is None


def test_the_hour_that_does_not_exist_is_called_with_the_first_minute_there_is() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN)
    daily = Timing(time(2, 30), days=frozenset(range(7)))
    due = next_call(daily, before, BERLIN)
    assert local(due, BERLIN) == "2026-03-29T03:00+02:00"
    assert due is not None
    assert local(next_call(daily, due, BERLIN), BERLIN) == "2026-03-30T02:30+02:00"


def test_the_hour_that_happens_twice_is_called_the_first_time_only() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)
    daily = Timing(time(2, 30), days=frozenset(range(7)))
    due = next_call(daily, before, BERLIN)
    assert local(due, BERLIN) == "2026-10-25T02:30+02:00"
    assert due is not None
    assert local(next_call(daily, due, BERLIN), BERLIN) == "2026-10-26T02:30+01:00"
    # Set between the two, the time has been.
    assert local(next_call(daily, due + timedelta(minutes=10), BERLIN), BERLIN) == "2026-10-26T02:30+01:00"


def test_a_date_that_is_left_out() -> None:
    apia = ZoneInfo("Pacific/Apia")
    before = datetime(2011, 12, 29, 12, 0, tzinfo=apia)
    daily, fridays = Timing(time(7, 30), days=frozenset(range(7))), Timing(time(7, 30), days=frozenset({4}))
    assert local(next_call(daily, before, apia), apia)[:16] == "2011-12-31T07:30"
    assert local(next_call(fridays, before, apia), apia)[:16] == "2012-01-06T07:30"


@given(at=MINUTES, after=MOMENTS, days=WEEK, zone=ZONES)
def test_it_is_the_first_one_after(at: time, after: datetime, days: frozenset[int], zone: ZoneInfo) -> None:
    timing = Timing(at, days=days)
    due = next_call(timing, after, zone)
    assert due is not None
    assert due > after
    assert next_call(timing, due - timedelta(seconds=1), zone) == due, "nothing is between"
    shown = due.astimezone(zone)
    assert shown.weekday() in days
    assert moment_of(shown.date(), at, zone) == due


@given(at=MINUTES, after=MOMENTS, zone=ZONES)
def test_once_for_each_day(at: time, after: datetime, zone: ZoneInfo) -> None:
    timing = Timing(at, days=frozenset(range(7)))
    found, moment = [], after
    for _ in range(10):
        following = next_call(timing, moment, zone)
        assert following is not None
        moment = following
        found.append(moment.astimezone(zone).date())
    assert found == [found[0] + timedelta(days=ahead) for ahead in range(10)]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE])
def test_every_minute_of_a_year_has_its_moment(zone: ZoneInfo) -> None:
    for ahead in range(365):
        day = date(2026, 1, 1) + timedelta(days=ahead)
        for hour in range(24):
            moment = moment_of(day, time(hour, 15), zone)
            assert moment is not None
            assert moment.astimezone(zone).date() == day
