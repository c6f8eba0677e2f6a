"""Filters and cursors, over whatever a client may send."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from apps.foundation.accounts.models import Account
from apps.foundation.crossbar import cursor
from apps.foundation.crossbar.cursor import Order
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.filters import as_text, parse_filters
from apps.foundation.crossbar.listing import parse_list_query
from apps.foundation.crossbar.spreadsheet import flatten, safe_file_name
from tests.unit.crossbar.test_validation import json_values

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
keys = st.sampled_from(
    ["filter_", "filter_not_", "has_key", "key_missing", "has_value", "value_missing", "page_size", "_"]
)
documents = st.dictionaries(words, json_values, max_size=5)


def query(pairs: list[tuple[str, str]]) -> QueryDict:
    made = QueryDict(mutable=True)
    for key, value in pairs:
        made.appendlist(key, value)
    return made


def holds(document: dict[str, Any], *pairs: tuple[str, str]) -> bool:
    return all(each.test(document) for each in parse_filters(query(list(pairs))))


@given(documents, st.lists(st.tuples(st.builds(str.__add__, keys, words), words), max_size=4))
def test_any_query_is_a_list_or_a_told_mistake(document: dict[str, Any], pairs: list[tuple[str, str]]) -> None:
    try:
        wanted = parse_list_query(query(pairs))
    except ValidationFailed:
        return
    assert all(each.test(document) in (True, False) for each in wanted.filters)


@given(st.from_regex("[a-z]{1,8}", fullmatch=True), json_values)
def test_what_is_there_is_found_and_its_opposite_is_not(key: str, value: Any) -> None:
    document = {key: value}
    if isinstance(value, (list, dict)) or as_text(value).startswith("[") or "password" in key or "secret" in key:
        return
    text = as_text(value)
    assert holds(document, (f"filter_{key}", text))
    assert not holds(document, (f"filter_not_{key}", text))
    assert holds(document, ("has_key", key))
    assert not holds(document, ("key_missing", key))
    assert holds(document, ("has_value", key)) != holds(document, ("value_missing", key))


def test_truths_compare_as_text() -> None:
    assert holds({"enabled": True}, ("filter_enabled", "true"))
    assert not holds({"enabled": True}, ("filter_enabled", "True"))


@pytest.mark.parametrize(
    "path", ["pvt_a", "_id", "a.pvt_b", "sip.password", "a._b", "PVT_A", "pvt_md5_auth", "api_key"]
)
def test_private_paths_are_refused(path: str) -> None:
    for key in (f"filter_{path}", f"filter_not_{path}"):
        with pytest.raises(ValidationFailed):
            parse_filters(query([(key, "x")]))
    with pytest.raises(ValidationFailed):
        parse_filters(query([("has_key", path)]))


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: cursor._pack([raw.hex()])))
def test_any_cursor_is_read_or_refused(text: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        cursor.decode(Order("name", False), Account, text)
    assert "invalid" in failed.value.data["start_key"]


@given(words, st.booleans())
def test_cursors_name_the_row_they_were_made_of(name: str, descending: bool) -> None:
    order = Order("name", descending)
    account = Account(name=name)
    condition = cursor.decode(order, Account, cursor.encode(order, account))
    assert condition == order.after(name, account.pk)


@given(json_values, json_values)
def test_forged_cursors_of_any_types_are_refused_or_harmless(value: Any, key: Any) -> None:
    for column in ("name", "created", "revision"):
        try:
            cursor.decode(Order(column, False), Account, cursor._pack([column, value, key]))
        except ValidationFailed:
            continue


@given(st.dictionaries(words, json_values, max_size=5))
def test_no_cell_is_a_formula(row: dict[str, Any]) -> None:
    for cell in flatten(row).values():
        assert not cell.startswith(("=", "@", "\t", "\r"))
        if cell.startswith(("+", "-")):
            assert cell[1:].replace(".", "").replace(",", "").isdecimal()


@given(st.text(max_size=200))
def test_file_names_are_plain(name: str) -> None:
    safe = safe_file_name(name, "list")
    assert safe.endswith(".csv")
    assert safe.isascii()
    assert not set(safe) & set('/\\"\r\n;')
