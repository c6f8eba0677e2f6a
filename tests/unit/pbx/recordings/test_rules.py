"""Which rule has a call recorded: the nearest that says anything about such calls."""

from __future__ import annotations

from typing import Any

import pytest

from apps.pbx.recordings.rules import account_wants, endpoint_wants
from apps.pbx.recordings.wanting import Wanted

ON: dict[str, Any] = {"enabled": True}
OFF: dict[str, Any] = {"enabled": False}


def rules(**source: Any) -> dict[str, Any]:
    return {"call_recording": source}


def of_account(call_kind: str, to_network: Any, **source: Any) -> str:
    found = account_wants({"call_recording": {"account": source}}, call_kind, to_network)
    return found.origin if found else ""


def of_endpoint(direction: Any, network: Any, *, account: Any = None, user: Any = None, device: Any = None) -> bool:
    endpoint = {"call_recording": {"endpoint": (account or {}).get("call_recording", {})}}
    wanted = endpoint_wants(
        direction, network, account=endpoint, user=user or {}, device=device or {}, owner_id="o" * 32
    )
    return wanted is not None


@pytest.mark.parametrize(
    ("call_kind", "to_network", "source", "expected"),
    [
        ("inbound", "onnet", {"inbound": {"offnet": ON}}, "inbound from offnet to account"),
        ("inbound", "onnet", {"any": {"any": ON}}, "inbound from offnet to account"),
        ("inbound", "onnet", {"outbound": {"any": ON}}, ""),
        ("inbound", "onnet", {"inbound": {"onnet": ON}}, ""),
        ("internal", "offnet", {"outbound": {"offnet": ON}}, "outbound to offnet from account"),
        ("internal", "offnet", {"inbound": {"any": ON}}, ""),
        ("internal", "onnet", {"inbound": {"onnet": ON}}, "inbound from onnet to account"),
        ("internal", "onnet", {"outbound": {"onnet": ON}}, "outbound to onnet from account"),
        ("internal", "onnet", {"any": {"offnet": ON}}, ""),
        ("internal", "onnet", {}, ""),
    ],
)
def test_an_accounts_calls(call_kind: str, to_network: str, source: dict[str, Any], expected: str) -> None:
    assert of_account(call_kind, to_network, **source) == expected


def test_the_more_exact_rule_wins() -> None:
    assert of_account("inbound", "onnet", inbound={"offnet": OFF, "any": ON}, any={"any": ON}) == ""
    assert of_account("inbound", "onnet", inbound={"offnet": ON, "any": OFF}, any={"any": OFF})


def test_the_nearest_that_says_anything_wins() -> None:
    assert of_endpoint("inbound", "offnet", account=rules(inbound={"any": ON}))
    assert not of_endpoint("inbound", "offnet", account=rules(inbound={"any": ON}), user=rules(any={"any": OFF}))
    assert of_endpoint("inbound", "offnet", user=rules(any={"any": OFF}), device=rules(inbound={"offnet": ON}))
    # What is empty says nothing, and so does a rule about other calls.
    assert of_endpoint("inbound", "offnet", user=rules(any={"any": ON}), device=rules(inbound={"offnet": {}}))
    assert of_endpoint("inbound", "offnet", user=rules(any={"any": ON}), device=rules(outbound={"any": OFF}))
    # A rule without `enabled` is there, and off.
    assert not of_endpoint(
        "inbound", "offnet", user=rules(any={"any": ON}), device=rules(inbound={"offnet": {"format": "wav"}})
    )


@pytest.mark.parametrize("nonsense", ["x", 7, [], {"inbound": []}, {"inbound": {"any": "yes"}}])
def test_nonsense_says_nothing(nonsense: Any) -> None:
    assert account_wants({"call_recording": {"account": nonsense}}, "inbound", "onnet") is None
    assert account_wants({"call_recording": nonsense}, "inbound", "onnet") is None


def test_what_is_wanted_is_kept_within_bounds_and_written_down() -> None:
    asked = {"time_limit": 99_999, "record_min_sec": 3, "format": "wav", "label": "a\nb", "media_name": "  x "}
    wanted = Wanted.of(asked, origin="callflow : record_call")
    assert (wanted.limit, wanted.minimum, wanted.format) == (10_800, 3, "wav")
    assert (wanted.origin, wanted.name) == ("callflow : record_call: a b", "x")
    assert Wanted.read({**wanted.written(), "later": 1}) == wanted
    assert Wanted.of({"time_limit": 1}).limit == 5
    assert Wanted.of({"should_follow_transfer": False}).follow_transfer is False
