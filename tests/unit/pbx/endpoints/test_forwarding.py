"""Which forward is used, for every kind of it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.pbx.endpoints.forwarding import (
    Circumstances,
    Forward,
    call_forward,
    chain_of,
    condition_of,
    or_else,
)

ON = {"enabled": True, "number": "1003"}


def number(forward: Forward | None) -> str | None:
    return forward.number if forward is not None else None


def at_once(given: dict[str, Any], *, direct: bool = True, **circumstances: Any) -> str | None:
    return number(call_forward({"call_forward": given}).at_once(Circumstances(**circumstances), direct=direct))


@pytest.mark.parametrize(
    ("given", "direct", "expected"),
    [
        ({}, True, None),
        ({"enabled": False, "number": "1003"}, True, None),
        ({"enabled": True}, True, None),
        (ON, True, "1003"),
        (ON, False, "1003"),
        (ON | {"direct_calls_only": True}, False, None),
        ({"unconditional": ON}, True, "1003"),
        ({"unconditional": {"enabled": False, "number": "1"}, **ON}, True, "1003"),
        ({"unconditional": {"enabled": True, "number": "1004"}, **ON}, True, "1004"),
        ({"busy": ON}, True, None),
        (ON | {"number": "(312) 555-0100"}, True, "3125550100"),
    ],
)
def test_unconditional(given: dict[str, Any], direct: bool, expected: str | None) -> None:
    """KAZOO 4's group and KAZOO 5's `unconditional` mean the same."""
    assert at_once(given, direct=direct) == expected


@pytest.mark.parametrize(
    ("rule", "caller", "expected"),
    [
        ({}, "1001", "1004"),
        ({"callers": ["1001"]}, "1001", "1004"),
        ({"callers": ["1002"]}, "1001", "1003"),
        ({"callers": ["+49*"]}, "+4930123456", "1004"),
        ({"callers": ["+49*"]}, "+13125550100", "1003"),
        ({"callers": ["(312) 555-0100"]}, "+13125550100", "1004"),
        ({"callers": ["anonymous"]}, "", "1004"),
        ({"callers": ["anonymous"]}, "Anonymous", "1004"),
        ({"callers": ["anonymous"]}, "1001", "1003"),
        ({"lists": ["friends"]}, "1001", "1004"),
        ({"match_list_id": "friends"}, "1001", "1004"),
        ({"lists": ["foes"]}, "1001", "1003"),
        ({"schedules": ["now"]}, "1001", "1004"),
        ({"schedules": ["later"]}, "1001", "1003"),
        ({"callers": ["1001"], "schedules": ["later"]}, "1001", "1003"),
        ({"enabled": False}, "1001", "1003"),
    ],
)
def test_selective_rules_come_first(rule: dict[str, Any], caller: str, expected: str) -> None:
    given = ON | {"selective": {"rules": [{"number": "1004", **rule}]}}
    found = at_once(
        given,
        caller=caller,
        in_list=lambda which, _number: which == "friends",
        holds=lambda which: which == "now",
        in_full=lambda text: f"+1{text}" if len(text) == 10 else text,
    )
    assert found == expected


def test_the_first_rule_that_fits_is_used() -> None:
    rules = [{"number": "1", "callers": ["9"]}, {"number": "2"}, {"number": "3"}]
    assert at_once({"selective": {"rules": rules}}, caller="8") == "2"
    assert at_once({"selective": {"enabled": False, "rules": rules}}, caller="8") is None


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ("USER_BUSY", "busy"),
        ("CALL_REJECTED", "busy"),
        ("NO_ANSWER", "no_answer"),
        ("ALLOTTED_TIMEOUT", "no_answer"),
        ("SUBSCRIBER_ABSENT", "unreachable"),
        ("NO_ROUTE_DESTINATION", "unreachable"),
        ("ORIGINATOR_CANCEL", None),
        ("EXCHANGE_ROUTING_ERROR", None),
        ("UNALLOCATED_NUMBER", None),
    ],
)
def test_what_a_hangup_cause_means(cause: str, expected: str | None) -> None:
    assert condition_of(cause) == expected


def test_after_ringing() -> None:
    """Busy and no answer are about calls meant for this endpoint; `failover` is the older word for unreachable."""
    found = call_forward({"call_forward": {"busy": ON, "no_answer": {"enabled": False, "number": "1"}}})
    assert number(found.after("busy", direct=True)) == "1003"
    assert found.after("busy", direct=False) is None
    assert found.after("no_answer", direct=True) is None
    older = call_forward({"call_forward": {"enabled": False, "failover": True, "number": "1005"}})
    assert number(older.after("unreachable", direct=False)) == "1005"
    assert older.at_once(Circumstances(), direct=True) is None


def test_a_devices_forwarding_goes_before_its_owners_kind_by_kind() -> None:
    device = call_forward({"call_forward": {"busy": ON}})
    owner = call_forward({"call_forward": {"busy": ON | {"number": "1"}, "no_answer": ON | {"number": "2"}}})
    both = or_else(device, owner)
    assert number(both.after("busy", direct=True)) == "1003"
    assert number(both.after("no_answer", direct=True)) == "2"


@pytest.mark.parametrize("given", ["", ":", "a", "a:b"])
def test_a_chain_is_read_as_it_was_written(given: str) -> None:
    assert ":".join(chain_of(given)) == given.strip(":")


@pytest.mark.parametrize("given", [None, [], "x", {"selective": []}, {"selective": {"rules": {}}}, {"busy": 7}])
def test_nonsense_forwards_nothing(given: Any) -> None:
    found = call_forward({"call_forward": given})
    assert found.at_once(Circumstances(), direct=True) is None
    assert found.after("busy", direct=True) is None
