"""From pydantic's errors to crossbar's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import dotted, parse, validated
from apps.foundation.documents.shape import Shape


class Member(Shape):
    timeout: int = Field(20, ge=1, le=60)


class Strict(Shape):
    model_config = ConfigDict(extra="forbid")


class Example(Shape):
    name: str = Field(min_length=1, max_length=5)
    method: Literal["ip", "password"] = "password"
    enabled: bool = True
    weight: float | None = None
    members: list[Member] = Field(default_factory=list, max_length=3)
    pair: Annotated[list[int], Field(min_length=2)] | None = None
    code: str | None = Field(None, pattern="^[a-z]+$")
    either: int | Member | None = None
    strict: Strict | None = None
    colour: str | None = None

    @field_validator("colour")
    @classmethod
    def _not_beige(cls, colour: str | None) -> str | None:
        if colour == "beige":
            raise ValueError("not that one")
        if colour == "taken":
            raise PydanticCustomError("unique", "Colour must be unique", {"cause": "taken"})
        return colour


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": None}, {"name": {"required": {"message": "Field is required but missing"}}}),
        (
            {"name": ""},
            {"name": {"minLength": {"message": "String must be at least 1 characters", "target": 1, "value": ""}}},
        ),
        (
            {"name": "abcdef"},
            {"name": {"maxLength": {"message": "String must not be more than 5 characters", "target": 5,
                                    "value": "abcdef"}}},
        ),
        (
            {"method": "x"},
            {"method": {"enum": {"message": "Value not found in enumerated list of values",
                                 "target": ["ip", "password"], "value": "x"}}},
        ),
        (
            {"enabled": "perhaps"},
            {"enabled": {"type": {"message": "Value did not match type(s): boolean", "target": "boolean",
                                  "value": "perhaps"}}},
        ),
        (
            {"weight": []},
            {"weight": {"type": {"message": "Value did not match type(s): number", "target": "number", "value": []}}},
        ),
        (
            {"members": [{}, {"timeout": 0}]},
            {"members.1.timeout": {"minimum": {"message": "Value must be at least 1", "target": 1, "value": 0}}},
        ),
        (
            {"members": [{"timeout": 61}]},
            {"members.0.timeout": {"maximum": {"message": "Value must be at most 60", "target": 60, "value": 61}}},
        ),
        (
            {"members": {}},
            {"members": {"type": {"message": "Value did not match type(s): array", "target": "array", "value": {}}}},
        ),
        (
            {"members": [{}] * 4},
            {"members": {"maxItems": {"message": "The list is more than 3 items", "target": 3, "value": [{}] * 4}}},
        ),
        (
            {"pair": [1]},
            {"pair": {"minItems": {"message": "The list must have at least 2 items", "target": 2, "value": [1]}}},
        ),
        (
            {"code": "1"},
            {"code": {"pattern": {"message": "Failed to match pattern '^[a-z]+$'", "target": "^[a-z]+$",
                                  "value": "1"}}},
        ),
        (
            {"strict": {"x": 1}},
            {"strict.x": {"additionalProperties": {
                "message": "Strict checking of data is enabled; only include schema-defined properties", "value": 1}}},
        ),
        ({"colour": "beige"}, {"colour": {"invalid": {"message": "not that one", "value": "beige"}}}),
        (
            {"colour": "taken"},
            {"colour": {"unique": {"message": "Colour must be unique", "cause": "taken", "value": "taken"}}},
        ),
        (
            {"either": {"timeout": 0}},
            {
                "either": {"type": {"message": "Value did not match type(s): integer", "target": "integer",
                                    "value": {"timeout": 0}}},
                "either.timeout": {"minimum": {"message": "Value must be at least 1", "target": 1, "value": 0}},
            },
        ),
    ],
)  # fmt: skip
def test_rules_and_words(change: dict[str, Any], expected: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailed) as failed:
        parse(Example, {"name": "ok", **change})
    assert failed.value.data == expected


def test_several_errors_are_told_at_once() -> None:
    with pytest.raises(ValidationFailed) as failed:
        parse(Example, {"method": "x", "members": [{"timeout": "y"}]})
    assert failed.value.data.keys() == {"name", "method", "members.0.timeout"}


def test_text_is_converted_and_unknown_fields_are_kept() -> None:
    document = validated(Example, {"name": 12, "enabled": "false", "weight": "1.5", "new": {"a": 1}, "code": None})
    assert document == {
        "name": "12",
        "method": "password",
        "enabled": False,
        "weight": 1.5,
        "members": [],
        "new": {"a": 1},
    }


def test_dots_in_keys_are_escaped() -> None:
    assert dotted(("a.b", 0, "c")) == "a%2Eb.0.c"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(list(Example.model_fields)) | st.text(max_size=5), json_values, max_size=6))
def test_any_document_is_taken_or_told_why_not(document: dict[str, Any]) -> None:
    try:
        first = validated(Example, document)
    except ValidationFailed as failed:
        for rules in failed.violations.values():
            assert all(details["message"] for details in rules.values())
    else:
        assert validated(Example, first) == first
