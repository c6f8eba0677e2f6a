"""Star codes, click to call, open quick calls and hotdesks over the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from apps.foundation.events.publishing import client
from apps.pbx.callflows.registry import verbs
from apps.pbx.feature_codes.catalogue import CATALOGUE
from apps.switching.presence.models import LampLine
from tests.api_client import ApiClient
from tests.company import Company, dissolve, found_company

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: Any) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            yield made
        finally:
            dissolve(made)


@pytest.fixture
def alice(company: Company) -> ApiClient:
    return ApiClient(company.people["alice"].token, company.tree.bakery)


@pytest.fixture
def nobody(company: Company) -> ApiClient:
    return ApiClient("", company.tree.bakery)


def test_the_codes_are_installed_once_and_can_be_changed(alice: ApiClient) -> None:
    offered = [code for code in CATALOGUE if code.module in verbs()]
    reply = alice.put("feature_codes", {})
    assert reply.status == 201, reply.content
    assert [row["id"] for row in reply.data if row["installed"]] == [code.number for code in offered]
    before = {row["id"]: row["callflow_id"] for row in reply.data}
    alice.patch(f"callflows/{before['72']}", {"patterns": [], "numbers": ["*21"]})
    again = {row["id"]: row["callflow_id"] for row in alice.put("feature_codes", {}).data}
    assert again == before, "a feature the account has is not installed a second time"


def test_a_number_that_is_used_is_left_alone(alice: ApiClient) -> None:
    mine = alice.put("callflows", {"numbers": ["*78"], "flow": {"module": "hangup"}}).data["id"]
    rows = {row["id"]: row for row in alice.put("feature_codes", {"numbers": ["78", "79"]}).data}
    assert (rows["78"]["installed"], rows["78"]["callflow_id"]) == (False, mine)
    assert rows["79"]["installed"]
    assert not rows["76"]["installed"]


@pytest.mark.parametrize(
    ("dialled", "number", "captured"),
    [
        ("*72", "72", ""),
        ("*721003", "72", "1003"),
        ("*56", "56", ""),
        ("*561003", "56", "1003"),
        ("*53100", "53", "100"),
        ("*52", "52", ""),
        ("*5101", "5", "101"),
        ("*3101", "3", "101"),
        ("*3", "3", ""),
        ("**1001", "*", "1001"),
        ("*01001", "0", "1001"),
        ("*871001", "87", "1001"),
        ("*673125550100", "67", "3125550100"),
        ("*97", "97", ""),
        ("*90100", "90", "100"),
        ("6683", "6683", ""),
        ("*55", "55", ""),
        ("*550730", "55", "0730"),
        ("*550", "550", ""),
    ],
)
def test_no_code_takes_anothers_digits(dialled: str, number: str, captured: str) -> None:
    """An exact number is found first, then the pattern that captures most: as `find_flow` looks."""
    exact = [code for code in CATALOGUE if dialled in code.numbers]
    matches = [
        (match.group(1), code) for code in CATALOGUE for one in code.patterns if (match := re.search(one, dialled))
    ]
    found = ("", exact[0]) if exact else max(matches, key=lambda pair: len(pair[0]))
    assert (found[1].number, found[0]) == (number, captured)


def test_every_codes_data_is_what_its_verb_takes() -> None:
    from apps.pbx.callflows.registry import validate_flow

    for code in CATALOGUE:
        validate_flow(code.to_callflow()["flow"])
        assert len(code.patterns) + len(code.numbers) > 0


def test_click_to_call_asks_who_is_there(alice: ApiClient, nobody: ApiClient) -> None:
    made = alice.put("clicktocall", {"name": "Sales", "extension": "2000"}).data
    path = f"clicktocall/{made['id']}/connect?contact=3125550100"
    assert nobody.get(path).status == 401
    assert alice.get(path).status == 409, "no switch is connected"


@pytest.mark.parametrize(
    ("contact", "status", "result"),
    [
        ("(312) 555-0100", 409, "no_switch"),
        ("2125550100", 403, "whitelist"),
        ("911", 403, "whitelist"),
        ("1001; rm", 400, None),
        ("", 400, None),
    ],
)
def test_anybody_may_be_connected_within_its_rules(
    alice: ApiClient, nobody: ApiClient, contact: str, status: int, result: str | None
) -> None:
    document = {"name": "Sales", "extension": "2000", "auth_required": False, "whitelist": ["^312"]}
    made = alice.put("clicktocall", document).data
    assert nobody.post(f"clicktocall/{made['id']}/connect", {"contact": contact}).status == status
    history = alice.get(f"clicktocall/{made['id']}/history").data
    assert [row["result"] for row in history] == ([result] if result else [])


def test_emergency_numbers_are_never_called(alice: ApiClient, nobody: ApiClient) -> None:
    made = alice.put("clicktocall", {"name": "Sales", "extension": "2000", "auth_required": False}).data
    assert nobody.post(f"clicktocall/{made['id']}/connect", {"contact": "911"}).status == 403


def test_it_is_throttled(alice: ApiClient, nobody: ApiClient) -> None:
    document = {"name": "Sales", "extension": "2000", "auth_required": False, "throttle": 2}
    made = alice.put("clicktocall", document).data
    client().delete(f"kazoo:clicktocall:{made['id']}")
    asked = [nobody.get(f"clicktocall/{made['id']}/connect?contact=3125550100") for _ in range(3)]
    assert [reply.status for reply in asked] == [409, 409, 429]
    assert asked[-1].headers["Retry-After"] == "60"


@pytest.mark.parametrize("kind", ["devices", "users"])
def test_open_quick_calls(company: Company, alice: ApiClient, nobody: ApiClient, kind: str) -> None:
    """make-busy QuickCall/UserAnonymous"""
    document = {"name": "Door"} if kind == "devices" else {"first_name": "Door", "last_name": "Phone"}
    item = f"{kind}/{alice.put(kind, document).data['id']}"
    dave = ApiClient(company.people["dave"].token, company.tree.bakery)
    assert nobody.get(f"{item}/quickcall/5001").status == 401
    assert dave.get(f"{item}/quickcall/5001").status in (403, 404)
    assert alice.get(f"{item}/quickcall/5001").status == 409, "nothing is registered"
    alice.patch(item, {"allow_anonymous_quickcalls": True})
    assert nobody.get(f"{item}/quickcall/5001").status == 409
    assert nobody.post(f"{item}/quickcall/5001", {}).status == 401
    assert dave.get(f"{item}/quickcall/5001").status in (403, 404)


def test_hotdesks(alice: ApiClient) -> None:
    hotdesk = {"enabled": True, "id": "77", "pin": "4711"}
    guest = alice.put("users", {"first_name": "G", "last_name": "Guest", "hotdesk": hotdesk}).data["id"]
    phone = alice.put("devices", {"name": "Lobby", "hotdesk": {"users": {guest: {}}}}).data["id"]
    for path in ("hotdesks", f"users/{guest}/hotdesks", f"devices/{phone}/hotdesks"):
        (row,) = [one for one in alice.get(path).data if one["user_id"] == guest]
        assert (row["device_id"], row["hotdesk_id"]) == (phone, "77")
    twice = alice.put("users", {"first_name": "T", "last_name": "Twin", "hotdesk": hotdesk})
    assert list(twice.data) == ["hotdesk.id"]
    assert alice.delete(f"users/{guest}").status == 200
    assert alice.get(f"devices/{phone}/hotdesks").data == []


def test_what_a_click_to_call_brings_with_it(
    alice: ApiClient, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    """Its tone while the second one rings, its music on hold, and the lamp that shows its calls."""
    from apps.switching.calls import tasks
    from apps.switching.switches.models import NodeState, SwitchNode

    asked: list[str] = []
    monkeypatch.setattr(tasks.originate, "delay", lambda job, nodes, arguments, timeout: asked.append(arguments))
    SwitchNode.objects.create(name="click.test", host="127.0.0.1", port=8021, state=NodeState.UP)
    tone = "tone_stream://%(400,200,400,450);loops=-1"
    document = {
        "name": "Sales",
        "extension": "2000",
        "presence_id": "2999@anything",
        "ringback": tone,
        "music_on_hold": {"media_id": "https://music.example.com/hold.mp3"},
    }
    made = alice.put("clicktocall", document).data["id"]
    lamps = LampLine.objects.filter(source_id=made)
    assert list(lamps.values_list("endpoint_id", "presence_id")) == [(made, "2999")]

    with django_capture_on_commit_callbacks(execute=True):
        assert alice.get(f"clicktocall/{made}/connect?contact=3125550100").status == 202
    assert f"own_ringback={tone}" in asked[0]
    assert "~hold_music=" in asked[0]

    assert alice.delete(f"clicktocall/{made}").status == 200
    assert not lamps.exists()
