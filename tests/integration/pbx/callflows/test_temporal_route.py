"""Going on by the time, and switching rules by phone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.foundation.identity.principal import system_principal
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.modules import temporal_route
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.schedules.actions import create_rule, create_rule_set
from apps.pbx.schedules.models import TemporalRule
from apps.switching.calls.fake import FakeCall
from tests.pbx_office import Office, office, run

__all__ = ["office"]
#: A Tuesday, ten o'clock in Berlin and eighteen in Tokyo.
TUESDAY = datetime(2026, 2, 3, 9, 0, tzinfo=UTC)
OPEN = {"cycle": "weekly", "wdays": ["tuesday"], "time_window_start": 32400, "time_window_stop": 61200}


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporal_route, "now", lambda: TUESDAY)


def a_rule(office: Office, **document: Any) -> str:
    made: TemporalRule = office.within(lambda: create_rule({"name": "A rule", **document}, system_principal(office.id)))
    return made.id


def a_set(office: Office, *rules: str) -> str:
    document = {"name": "Hours", "temporal_rules": list(rules)}
    return str(office.within(lambda: create_rule_set(document, system_principal(office.id))).id)


def route(
    office: Office, data: dict[str, Any], children: tuple[str, ...] = (), **fields: Any
) -> tuple[Branch, FakeCall]:
    call = FakeCall(account_id=office.id, **fields)
    verb = verbs()["temporal_route"]
    return run(verb.run(call, read_data(verb, data, children))), call


def test_the_first_rule_that_applies_names_the_child(office: Office) -> None:
    holiday, opened = a_rule(office, cycle="date", start_date=63937296000 + 86400), a_rule(office, **OPEN)
    office.set(timezone="Europe/Berlin")
    assert route(office, {"rules": [holiday, opened]})[0].keys == (opened,)
    assert route(office, {"rules": [holiday]})[0].keys == ()
    assert route(office, {"rules": ["0" * 32, opened]})[0].keys == (opened,)


def test_the_zone_is_the_flows_else_the_accounts(office: Office) -> None:
    opened = a_rule(office, **OPEN)
    office.set(timezone="Asia/Tokyo")
    assert route(office, {"rules": [opened]})[0].keys == ()
    assert route(office, {"rules": [opened], "timezone": "Europe/Berlin"})[0].keys == (opened,)
    assert route(office, {"rules": [opened], "timezone": "inherit"})[0].keys == ()


def test_a_set_names_one_child(office: Office) -> None:
    office.set(timezone="Europe/Berlin")
    never, opened = a_rule(office, cycle="date", start_date=63000000000), a_rule(office, **OPEN)
    both = a_set(office, never, opened)
    assert route(office, {"rule_set": both})[0].keys == (both, "rule_set")
    assert route(office, {"rule_set": a_set(office, never)})[0].keys == ()
    assert route(office, {"rule_set": "0" * 32})[0].keys == ()


def test_without_rules_the_children_are_tried_the_rarer_first(office: Office) -> None:
    office.set(timezone="Europe/Berlin")
    opened = a_rule(office, **OPEN)
    party = a_rule(office, cycle="date", start_date=63937296000 - 86400 * 2)
    today = a_rule(office, cycle="yearly", month=2, days=[3])
    assert route(office, {}, (opened, party, today, "_"))[0].keys == (today,)
    assert route(office, {}, (opened, "_"))[0].keys == (opened,)


@pytest.mark.parametrize(
    ("data", "digits", "enabled"),
    [
        ({"action": "enable"}, [], True),
        ({"action": "disable"}, [], False),
        ({"action": "reset"}, [], None),
        ({"action": "menu"}, ["1"], True),
        ({"action": "menu"}, ["9", "2"], False),
        ({"action": "menu"}, ["3"], None),
        ({"action": "menu"}, [], "unchanged"),
    ],
)
def test_a_feature_code_switches_rules(office: Office, data: dict[str, Any], digits: list[str], enabled: Any) -> None:
    before = {"enabled": True, "until": 64000000000}
    rule, other = a_rule(office, **OPEN, **before), a_rule(office, **OPEN)
    _branch, call = route(office, {**data, "rules": [rule]}, digits=digits)
    stored = office.within(lambda: TemporalRule.objects.get(id=rule).to_document())
    if enabled == "unchanged":
        assert stored["until"] == before["until"]
    else:
        assert stored.get("enabled") is enabled
        assert "until" not in stored, "a switch by hand ends an earlier one's expiry"
        assert call.verbs[-1] == "play"
    assert "enabled" not in office.within(lambda: TemporalRule.objects.get(id=other).to_document())


def test_it_explains_itself_for_any_moment(office: Office) -> None:
    office.set(timezone="Europe/Berlin")
    opened = a_rule(office, **OPEN)
    verb = verbs()["temporal_route"]
    data = read_data(verb, {"rules": [opened]}, (opened, "_"))
    later = datetime(2026, 2, 3, 17, 0, tzinfo=UTC)
    assert office.within(lambda: verb.explain(Asking("2000", at=TUESDAY), data)).keys == (opened,)
    assert office.within(lambda: verb.explain(Asking("2000", at=later), data)).keys == ()
    assert verb.meaning_of(opened, data) == "this rule applies"
    assert verb.meaning_of("0" * 32, data) is None
