"""Times of day that are keyed in."""

from __future__ import annotations

from datetime import time

import pytest

from apps.pbx.wakeup_calls.keyed_time import has_halves, in_half, is_ambiguous, keyed_time


@pytest.mark.parametrize(
    ("digits", "at"),
    [
        ("0730", time(7, 30)), ("730", time(7, 30)), ("0000", time(0)), ("2359", time(23, 59)), ("2400", None),
        ("0760", None), ("", None), ("7", None), ("07300", None), ("٠٧٣٠", None), ("07a0", None),
    ],
)  # fmt: skip
def test_four_digits_are_hours_and_minutes(digits: str, at: time | None) -> None:
    assert keyed_time(digits) == at


@pytest.mark.parametrize(
    ("tag", "halves"),
    [("en-us", True), ("en", True), ("en-gb", False), ("de", False), ("es-mx", True), ("fr-fr", False), ("xx", False)],
)
def test_where_people_say_am_and_pm(tag: str, halves: bool) -> None:
    assert has_halves(tag) is halves


def test_only_hours_that_are_there_twice_are_asked_about() -> None:
    assert is_ambiguous(time(7, 30), "en-us")
    assert is_ambiguous(time(12, 0), "en-us")
    assert not is_ambiguous(time(0, 30), "en-us")
    assert not is_ambiguous(time(19, 30), "en-us")
    assert not is_ambiguous(time(7, 30), "de-de")


@pytest.mark.parametrize(
    ("at", "afternoon", "meant"),
    [
        (time(7, 30), False, time(7, 30)),
        (time(7, 30), True, time(19, 30)),
        (time(12, 5), False, time(0, 5)),
        (time(12, 5), True, time(12, 5)),
    ],
)
def test_halves_of_the_day(at: time, afternoon: bool, meant: time) -> None:
    assert in_half(at, afternoon=afternoon) == meant
