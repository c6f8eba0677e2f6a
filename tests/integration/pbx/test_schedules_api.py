"""What applies now, over the API; and what rules and sets refuse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_client import ApiClient
from tests.integration.pbx.test_lists_api import api, company

__all__ = ["api", "company"]
pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]
OPEN = {
    "name": "Open",
    "cycle": "weekly",
    "wdays": ["monday", "tuesday", "wensday", "thursday", "friday"],
    "time_window_start": 9 * 3600,
    "time_window_stop": 17 * 3600,
}


def put(api: ApiClient, path: str, document: dict[str, Any]) -> str:
    reply = api.put(path, document)
    assert reply.status == 201, reply.content
    return str(reply.data["id"])


def test_the_state_of_a_rule(api: ApiClient) -> None:
    rule = put(api, "temporal_rules", OPEN)
    state = api.get(f"temporal_rules/{rule}/state?timezone=Europe/Berlin&at=2026-02-04T10:00").data
    assert (state["applies"], state["rule"]) == (True, {"id": rule, "name": "Open"})
    assert state["local_time"] == "2026-02-04T10:00:00+01:00"
    assert state["next_change_local"] == "2026-02-04T17:00:00+01:00"
    assert "Wednesday" in state["why"]
    friday = api.get(f"temporal_rules/{rule}/state?timezone=Europe/Berlin&at=2026-02-06T18:00:00%2B01:00").data
    assert (friday["applies"], friday["next_change_local"]) == (False, "2026-02-09T09:00:00+01:00")
    again = api.get(f"temporal_rules/{rule}/state?timezone=Europe/Berlin&at={friday['at']}").data
    assert again == friday


def test_closed_until(api: ApiClient) -> None:
    rule = put(api, "temporal_rules", OPEN)
    until = api.get(f"temporal_rules/{rule}/state?timezone=UTC&at=2026-02-04T12:00").data["at"]
    assert api.patch(f"temporal_rules/{rule}", {"enabled": False, "until": until}).status == 200
    state = api.get(f"temporal_rules/{rule}/state?timezone=UTC&at=2026-02-04T10:00").data
    assert (state["applies"], state["next_change"]) == (False, until)
    assert "enabled" not in api.patch(f"temporal_rules/{rule}", {"enabled": None, "until": None}).data


def test_the_state_of_a_set(api: ApiClient) -> None:
    christmas = put(api, "temporal_rules", {"name": "Holidays", "cycle": "yearly", "holidays": {"country": "DE"}})
    rule = put(api, "temporal_rules", OPEN)
    both = put(api, "temporal_rules_sets", {"name": "Hours", "temporal_rules": [christmas, rule]})
    state = api.get(f"temporal_rules_sets/{both}/state?timezone=Europe/Berlin&at=2026-12-25T10:00").data
    assert state["rule"]["id"] == christmas
    assert "Weihnachtstag" in state["why"]
    assert state["next_change_local"] == "2026-12-27T00:00:00+01:00", "the second day of Christmas is one too"
    row = next(row for row in api.get("temporal_rules_sets").data if row["id"] == both)
    assert row["rules"] == [christmas, rule]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("at=yesterday", "at"),
        ("at=99999999999999999", "at"),
        ("at=9999-12-31T23:00", "at"),
        ("timezone=Mars/Olympus", "timezone"),
        ("timezone=../../etc/passwd", "timezone"),
    ],
)
def test_nonsense_is_named(api: ApiClient, query: str, field: str) -> None:
    rule = put(api, "temporal_rules", OPEN)
    reply = api.get(f"temporal_rules/{rule}/state?{query}")
    assert (reply.status, list(reply.data)) == (400, [field])


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"cycle": "hourly"}, "cycle"),
        ({"wdays": ["caturday"]}, "wdays.0"),
        ({"days": [32]}, "days.0"),
        ({"time_window_stop": 86401}, "time_window_stop"),
        ({"interval": 0}, "interval"),
        ({"exclude": ["2026-13-01"]}, "exclude.0"),
        ({"holidays": {"country": "ZZ"}}, "holidays"),
        ({"holidays": {"country": "DE", "subdivision": "XX"}}, "holidays"),
        ({"until": 0}, "until"),
    ],
)
def test_a_wrong_rule_is_refused_by_field(api: ApiClient, fields: dict[str, Any], path: str) -> None:
    reply = api.put("temporal_rules", {**OPEN, **fields})
    assert (reply.status, list(reply.data)) == (400, [path]), reply.data


def test_a_set_of_unknown_rules_is_refused_but_keeps_those_that_went(api: ApiClient) -> None:
    reply = api.put("temporal_rules_sets", {"name": "Hours", "temporal_rules": ["0" * 32]})
    assert (reply.status, list(reply.data)) == (400, ["temporal_rules.0"])
    rule = put(api, "temporal_rules", OPEN)
    made = put(api, "temporal_rules_sets", {"name": "Hours", "temporal_rules": [rule]})
    api.delete(f"temporal_rules/{rule}")
    assert api.patch(f"temporal_rules_sets/{made}", {"name": "Later"}).status == 200
    assert api.get(f"temporal_rules_sets/{made}/state").data["applies"] is False


def test_public_holidays(api: ApiClient) -> None:
    found = api.get("temporal_rules/holidays?country=us&year=2026").data
    assert found["2026-12-25"] == "Christmas Day"
    assert api.get("temporal_rules/holidays?country=xx").status == 400
    assert list(api.get("temporal_rules/holidays?country=DE&subdivision=1").data) == ["subdivision"]
    assert list(api.get("temporal_rules/holidays?country=DE&year=0").data) == ["year"]
