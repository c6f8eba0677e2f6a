"""Conferences over the API: what is refused, who controls one, and what its switch is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.switching.rooms import tasks
from apps.switching.rooms.models import LiveMember, LiveRoom
from apps.switching.rooms.queries import room_name
from tests.api_client import ApiClient
from tests.company import Company, dissolve, found_company

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]
TONE = "tone_stream://%(200,0,440)"


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            yield made
        finally:
            dissolve(made)


@pytest.fixture
def api(company: Company) -> ApiClient:
    return ApiClient(company.people["alice"].token, company.tree.bakery)


class Meeting:
    """Bob's conference, with a moderator (1) and a member (2) in it."""

    def __init__(self, company: Company, api: ApiClient) -> None:
        self.account = company.tree.bakery
        bob = company.people["bob"].login.pk
        self.id: str = api.put("conferences", {"name": "Weekly", "owner_id": bob}).data["id"]
        self.path, self.name = f"conferences/{self.id}", room_name(self.account.id, self.id)
        where = {"account_id": self.account.id, "conference_id": self.id, "switch": "fs1"}
        LiveRoom.objects.create(id=f"fs1/{self.name}", name=self.name, **where)
        for number in (1, 2):
            LiveMember.objects.create(
                uuid=f"leg-{number}", room_id=f"fs1/{self.name}", member_id=number, is_moderator=number == 1, **where
            )


@pytest.fixture
def meeting(company: Company, api: ApiClient) -> Meeting:
    return Meeting(company, api)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Any:
    """Send a request; what the switch is told."""
    heard: list[str] = []
    monkeypatch.setattr(tasks.tell, "delay", lambda _account, _conference, arguments: heard.append(arguments))

    def send(api: ApiClient, path: str, data: dict[str, Any]) -> list[str]:
        heard.clear()
        with django_capture_on_commit_callbacks(execute=True):
            reply = api.put(path, data)
        assert reply.status == 202, reply.content
        return [one.partition(" ")[2] for one in heard]

    return send


def test_who_is_there(api: ApiClient, meeting: Meeting) -> None:
    live = api.get(meeting.path).data["_read_only"]
    assert (live["members"], live["admins"], live["is_locked"], len(live["participants"])) == (1, 1, False, 2)
    (row,) = [row for row in api.get("conferences").data if row["id"] == meeting.id]
    assert (row["members"], row["moderators"]) == (1, 1)
    assert [one["participant_id"] for one in api.get(f"{meeting.path}/participants").data] == [1, 2]
    assert api.get(f"{meeting.path}/participants/leg-2").data["call_id"] == "leg-2"
    assert api.get(f"{meeting.path}/participants/3").status == 404


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"action": "lock"}, "lock"),
        ({"action": "unlock", "data": {}}, "unlock"),
        ({"action": "mute"}, "mute non_moderator"),
        ({"action": "unmute"}, "unmute all"),
        ({"action": "kick"}, "kick all"),
        ({"action": "play", "data": {"media_id": TONE}}, f"play {TONE}"),
    ],
)
def test_a_conference_is_told(api: ApiClient, meeting: Meeting, told: Any, asked: Any, expected: str) -> None:
    assert told(api, meeting.path, asked) == [expected]
    with account_scope(meeting.account):
        entry = AuditEntry.objects.filter(target_id=meeting.id).latest("created")
    assert entry.action == f"conference.{asked['action']}"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"action": "mute"}, "mute 2"),
        ({"action": "undeaf"}, "undeaf 2"),
        ({"action": "kick"}, "kick 2"),
        ({"action": "hangup"}, "hup 2"),
        ({"action": "volume_out", "data": {"level": 3}}, "volume_out 2 3"),
        ({"action": "play", "data": {"media_id": TONE}}, f"play {TONE} 2"),
        ({"action": "relate", "data": {"other_participant": 1, "relationship": "deaf"}}, "relate 2 1 nohear"),
    ],
)
def test_a_participant_is_told(api: ApiClient, meeting: Meeting, told: Any, asked: Any, expected: str) -> None:
    assert told(api, f"{meeting.path}/participants/2", asked) == [expected]


def test_participants_are_related(api: ApiClient, meeting: Meeting, told: Any) -> None:
    asked = {"participant_id": 1, "other_participant": 2, "relationship": "mute"}
    assert told(api, f"{meeting.path}/participants", {"action": "relate", "data": asked}) == ["relate 1 2 nospeak"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"action": "explode"},
        {"action": "play"},
        {"action": "play", "data": {"media_id": "0" * 32}},
        {"action": "play", "data": {"media_id": "/etc/passwd"}},
        {"action": "play", "data": {"media_id": "tone_stream://x all\nkick all"}},
        {"action": "record", "data": {"action": "maybe"}},
        {"action": "dial", "data": {"endpoints": []}},
        {"action": "dial", "data": {"endpoints": ["0" * 32]}},
        {"action": "dial", "data": {"endpoints": ["1 &system(x)"]}},
    ],
)
def test_what_is_refused(api: ApiClient, meeting: Meeting, asked: dict[str, Any]) -> None:
    reply = api.put(meeting.path, asked)
    assert (reply.status, reply.body["message"]) == (400, "validation error"), reply.content


def test_the_owner_controls_his_own_and_nobody_elses(company: Company, meeting: Meeting, told: Any) -> None:
    bob = ApiClient(company.people["bob"].token, company.tree.bakery)
    bella = ApiClient(company.people["bella"].token, company.tree.bakery)
    assert told(bob, meeting.path, {"action": "lock"}) == ["lock"]
    assert told(bob, f"{meeting.path}/participants/2", {"action": "mute"}) == ["mute 2"]
    for path in (meeting.path, f"{meeting.path}/participants", f"{meeting.path}/participants/2"):
        assert bella.put(path, {"action": "mute"}).status in (403, 404)
        assert bella.get(path).status in (403, 404)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"member": {"pins": ["1"]}, "moderator": {"pins": ["1"]}}, "moderator.pins"),
        ({"member": {"pins": ["12a4"]}}, "member.pins.0"),
        ({"owner_id": "0" * 32}, "owner_id"),
        ({"conference_numbers": ["7", "7"]}, "conference_numbers"),
        ({"max_participants": 0}, "max_participants"),
        ({"profile_name": "mine"}, "profile_name"),
    ],
)
def test_documents_that_are_refused(api: ApiClient, document: dict[str, Any], field: str) -> None:
    reply = api.put("conferences", {"name": "Odd", **document})
    assert reply.status == 400, reply.content
    assert field in reply.data


def test_a_number_leads_to_one_conference(api: ApiClient) -> None:
    api.put("conferences", {"name": "One", "conference_numbers": ["6001"]})
    reply = api.put("conferences", {"name": "Two", "member": {"numbers": ["6001"]}})
    assert (reply.status, list(reply.data)) == (400, ["member.numbers"])
