"""PATCH."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.foundation.crossbar.documents import merge
from apps.foundation.crossbar.validation import without_nulls
from tests.unit.crossbar.test_validation import json_values

documents = st.dictionaries(st.text(max_size=3), json_values, max_size=4)


def test_objects_merge_lists_are_replaced_and_null_removes() -> None:
    stored = {"a": {"b": 1, "c": [1, 2]}, "d": 1, "e": {"f": 1}}
    assert merge(stored, {"a": {"c": [3]}, "d": None, "e": 2}) == {"a": {"b": 1, "c": [3]}, "e": 2}
    assert stored["d"] == 1, "the stored document is not touched"


def test_removing_what_is_not_there_changes_nothing() -> None:
    assert merge({"a": 1}, {"b": None, "c": {"d": None}}) == {"a": 1, "c": {}}


@given(documents)
def test_merging_nothing_changes_nothing(document: dict[str, Any]) -> None:
    assert merge(document, {}) == document


@given(documents, documents)
def test_merging_twice_is_merging_once(stored: dict[str, Any], changes: dict[str, Any]) -> None:
    once = merge(stored, changes)
    assert merge(once, changes) == once


@given(documents, documents)
def test_every_change_is_in_the_result(stored: dict[str, Any], changes: dict[str, Any]) -> None:
    merged = merge(stored, changes)
    for key, value in changes.items():
        if value is None:
            assert key not in merged
        elif not isinstance(value, dict):
            assert merged[key] == value
    assert all(merged[key] == stored[key] for key in stored.keys() - changes.keys())


@given(json_values)
def test_nulls_are_gone_from_objects(value: Any) -> None:
    def check(part: Any) -> None:
        if isinstance(part, dict):
            assert None not in part.values()
        for member in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            check(member)

    check(without_nulls(value))
