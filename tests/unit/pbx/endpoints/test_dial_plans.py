"""Rewriting what was dialled."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from apps.pbx.endpoints.dial_plans import rewritten
from apps.pbx.endpoints.documents import Endpoint

PLAN = {r"^9(\d{10})$": {"prefix": "+1", "description": "an outside line"}, r"^\d{7}$": {"prefix": "+1312"}}


@pytest.mark.parametrize(
    ("document", "dialled", "meant"),
    [
        ({"dial_plan": PLAN}, "93125550100", "+13125550100"),
        ({"dial_plan": PLAN}, "5550100", "+13125550100"),
        ({"dial_plan": PLAN}, "1001", "1001"),
        ({"dial_plan": {r"^(\d+)#$": {"suffix": "00"}}}, "12#", "1200"),
        ({"dial_plan": {r"^(\d+)#$": {"suffix": " 0"}}}, "12#", "12#"),
        ({"dial_plan": {"system": ["US"]}}, "1001", "1001"),
        ({"dial_plan": {"system": ["de"]}}, "030123456", "+4930123456"),
        ({"dial_plan": {"system": ["de"]}}, "0033123456789", "+33123456789"),
        ({"dial_plan": {"system": "it"}}, "0612345678", "+390612345678"),
        ({"dial_plan": {"system": ["00", "nanp"]}}, "13125550100", "+13125550100"),
        ({"dial_plan": {"system": ["de"], r"^030(\d+)$": {"prefix": "9"}}}, "030123456", "9123456"),
        ({"dial_plan": {"(a+)+": {"prefix": "x"}}}, "aaaa", "aaaa"),
        ({"formatters": {"To": [{"regex": r"^00(\d+)$", "prefix": "+"}]}}, "0049301234", "+49301234"),
        ({"formatters": {"request": {"regex": "^0$", "value": "1000"}}}, "0", "1000"),
        ({"formatters": {"request": {"regex": "^0$", "value": "1000", "direction": "outbound"}}}, "0", "0"),
        ({"formatters": {"from": {"regex": "^0$", "value": "1000"}}}, "0", "0"),
    ],
)
def test_one_document(document: dict[str, Any], dialled: str, meant: str) -> None:
    assert rewritten(dialled, [document]) == meant


def test_the_nearest_with_a_rule_decides() -> None:
    device, account = {"dial_plan": {"^0$": {"prefix": "1"}}}, {"dial_plan": {"^[0-9]$": {"prefix": "2"}}}
    assert rewritten("0", [device, {}, account]) == "10"
    assert rewritten("5", [device, {}, account]) == "25"


@pytest.mark.parametrize(
    "document",
    [
        {"dial_plan": {"(": {"prefix": "1"}}},
        {"dial_plan": {"(a+)+": {}}},
        {"dial_plan": {"^1$": "2"}},
        {"dial_plan": {"system": ["atlantis"]}},
        {"dial_plan": {"^1$": {"prefix": "1" * 65}}},
        {"formatters": {"to": {"regex": "("}}},
    ],
)
def test_what_is_no_rule_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Endpoint.model_validate(document)
