"""Call records over the API: newest first, one's own, by conversation, as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import DjangoDbBlocker

from apps.commerce.cdrs.actions import record_legs
from apps.commerce.cdrs.legs import FinishedLeg
from apps.foundation.accounts.scope import account_scope
from apps.foundation.documents.actions import create_document
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now, to_gregorian
from apps.pbx.devices.models import Device
from tests.company import Company, dissolve, found_company
from tests.contracts.planting import ask

pytestmark = pytest.mark.django_db


def leg(company: Company, name: str, minutes_ago: float, **fields: object) -> FinishedLeg:
    ended = now() - timedelta(minutes=minutes_ago)
    given = {
        "account_id": company.tree.bakery.id,
        "switch": "fs1",
        "call_id": name,
        "direction": "inbound",
        "started": ended - timedelta(seconds=70),
        "answered": ended - timedelta(seconds=60.5),
        "ended": ended,
        "interaction_id": "63900000000-0badcafe",
        "caller_id_name": "=HYPERLINK(1)",
        "hangup_cause": "NORMAL_CLEARING",
    }
    return FinishedLeg(**(given | fields))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            bob = made.people["bob"].login.pk
            assert record_legs([
                leg(made, "first", 10, authorizing_id=device_of(made)),
                leg(made, "second", 9, direction="outbound", owner_id=bob),
                leg(made, "missed", 5, interaction_id="", answered=None, hangup_cause="NO_ANSWER"),
                leg(made, "long-ago", 60 * 24 * 40, interaction_id="63800000000-0badcafe"),
                leg(made, "foreign", 3, account_id=made.tree.clinic.id),
            ]) == {}  # fmt: skip
            yield made
        finally:
            dissolve(made)


def device_of(company: Company) -> str:
    bakery = company.tree.bakery
    with account_scope(bakery):
        found = Device.objects.filter(name="front desk").first()
        made = found or create_document(Device, {"name": "front desk"}, system_principal(bakery.id))
        return str(made.pk)


def listed(company: Company, who: str, path: str, **query: str) -> list[str]:
    answer = ask(company.people[who], "GET", f"accounts/{company.tree.bakery.id}/{path}", **query)
    assert answer.status_code == 200, answer.content
    return [row["call_id"] for row in answer.json()["data"]]


def test_newest_first_and_the_last_month_only(company: Company) -> None:
    assert listed(company, "alice", "cdrs") == ["missed", "second", "first"]


def test_a_range_reaches_further_back(company: Company) -> None:
    moment = to_gregorian(now() - timedelta(days=40))
    query = {"created_from": str(moment - 86_400), "created_to": str(moment + 86_400)}
    assert listed(company, "alice", "cdrs", **query) == ["long-ago"]


def test_a_user_sees_his_own(company: Company) -> None:
    assert listed(company, "bob", "cdrs") == ["second"]
    assert listed(company, "bella", "cdrs") == []
    assert listed(company, "alice", f"users/{company.people['bob'].login.pk}/cdrs") == ["second"]
    assert listed(company, "alice", f"devices/{device_of(company)}/cdrs") == ["first"]


def test_a_conversation_is_one_row_and_its_legs(company: Company) -> None:
    base = f"accounts/{company.tree.bakery.id}/cdrs"
    rows = ask(company.people["alice"], "GET", f"{base}/interaction").json()["data"]
    assert [(row["call_id"], row["legs_count"], row["answered"]) for row in rows] == [
        ("missed", 1, False),
        ("first", 2, True),
    ]
    assert listed(company, "alice", "cdrs/legs/63900000000-0badcafe") == ["first", "second"]
    summary = ask(company.people["alice"], "GET", f"{base}/summary").json()["data"]
    assert (summary["calls"], summary["answered"], summary["billing_seconds"]) == (2, 1, 61)
    assert ask(company.people["alice"], "GET", f"{base}/legs/none").status_code == 404


def test_seconds_that_began_are_billed(company: Company) -> None:
    [row] = [
        row
        for row in ask(company.people["alice"], "GET", f"accounts/{company.tree.bakery.id}/cdrs").json()["data"]
        if row["call_id"] == "first"
    ]
    assert (row["ringing_seconds"], row["billing_seconds"], row["duration_seconds"]) == (9, 61, 70)


def test_a_spreadsheet_holds_no_formula(company: Company) -> None:
    answer = ask(company.people["alice"], "GET", f"accounts/{company.tree.bakery.id}/cdrs", accept="csv")
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    lines = body.decode().splitlines()
    assert lines[0].startswith("id,call_id,caller_id_name")
    assert len(lines) == 4
    assert ",=HYPERLINK" not in body.decode()


def test_others_see_nothing(company: Company) -> None:
    for who in ("carol", "dave"):
        answer = ask(company.people[who], "GET", f"accounts/{company.tree.bakery.id}/cdrs")
        assert answer.status_code == 403
    assert ask(company.people["alice"], "GET", "refused_records").status_code == 403
    assert ask(company.people["olga"], "GET", "refused_records").status_code == 200
