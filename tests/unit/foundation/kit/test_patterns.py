"""Patterns of customers: what is refused, and that what is accepted ends soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.foundation.kit.patterns import LONGEST_TEXT, BadPattern, compile_pattern, search


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\*72([0-9]*)$",
        r"^\+1(\d{10})$",
        r"^(?:\+?1)?(\d{10})$",
        r"^(011\d*)$|^(00\d*)$",
        r"^\+?1?([2-9][0-9]{2}[2-9][0-9]{6})$",
        r"(?P<code>\d{4})",
        r".*",
    ],
)
def test_patterns_people_write_are_accepted(pattern: str) -> None:
    compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(", "(a+)+", "(a|aa)*b", r"(a)\1", "(?:a{1,3}){2,}", ".*.*.*.*x", "a?" * 40 + "a" * 40, "(?:a|a)" * 30]
)
def test_what_could_take_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compile_pattern(pattern)


@given(st.text(alphabet="ab().*+?{}|[]^$\\12,", max_size=40))
def test_what_is_accepted_ends_soon(pattern: str) -> None:
    try:
        compile_pattern(pattern)
    except BadPattern:
        return
    started = time.process_time()
    for text in ("a" * LONGEST_TEXT, "ab" * (LONGEST_TEXT // 2)):
        search(pattern, text)
    assert time.process_time() - started < 2


def test_nobody_dials_a_novel() -> None:
    assert search(".*", "1" * LONGEST_TEXT) is not None
    assert search(".*", "1" * (LONGEST_TEXT + 1)) is None
