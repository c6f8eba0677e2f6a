"""Lists, their entries, vCards and pictures, blacklists and directories over the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.principal import system_principal
from apps.pbx.blocked_callers.models import BlockedCaller
from apps.pbx.lists.models import ListEntryPhoto
from apps.pbx.lists.vcard import vcard
from apps.pbx.menus.actions import create_menu
from tests.api_client import ApiClient
from tests.company import Company, dissolve, found_company

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


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


def a_list(api: ApiClient) -> str:
    return f"lists/{api.put('lists', {'name': 'Friends', 'org': 'Baker, Sons; & Co'}).data['id']}"


def test_entries_come_and_go(api: ApiClient) -> None:
    place = a_list(api)
    made = api.put(f"{place}/entries", {"number": "0123", "displayname": "List Entry", "mine": 1})
    assert (made.status, made.data["list_id"], made.data["mine"]) == (201, place.partition("/")[2], 1)
    entry = f"{place}/entries/{made.data['id']}"
    assert api.get(entry).data == made.data
    assert [row["number"] for row in api.get(f"{place}/entries").data] == ["0123"]
    assert api.patch(entry, {"firstname": "First name"}).data["displayname"] == "List Entry"
    assert "displayname" not in api.post(entry, {"number": "0124"}).data
    assert api.delete(entry).data["_read_only"] == {"deleted": True}
    assert api.get(entry).status == 404
    api.put(f"{place}/entries", {"number": "1"})
    assert api.delete(f"{place}/entries").data == {"deleted": 1}
    assert api.get(f"{place}/entries").data == []


def test_an_entry_is_reached_through_its_own_list_only(api: ApiClient) -> None:
    one, other = a_list(api), a_list(api)
    entry = api.put(f"{one}/entries", {"number": "1", "list_id": other.partition("/")[2]}).data
    assert entry["list_id"] == one.partition("/")[2]
    assert api.get(f"{other}/entries/{entry['id']}").status == 404
    assert api.get(f"{one}/entries/nonsense").status == 404


@pytest.mark.parametrize("pattern", ["(a+)+$", "(", "(.)\\1", "a" * 300])
def test_a_pattern_that_could_stall_a_call_is_refused(api: ApiClient, pattern: str) -> None:
    reply = api.put(f"{a_list(api)}/entries", {"pattern": pattern})
    assert (reply.status, list(reply.data)) == (400, ["pattern"])


def test_vcard_and_picture(api: ApiClient) -> None:
    place = a_list(api)
    person = {"firstname": "Ada", "lastname": "Bäcker", "number": "+4930123456", "profile": {"note": "a\nb,c;d\\e"}}
    entry = f"{place}/entries/{api.put(f'{place}/entries', person).data['id']}"
    assert api.get(f"{entry}/photo").status == 404
    assert api("POST", f"{entry}/photo", body=b"<svg/>", content_type="image/png").status == 400
    assert api("POST", f"{entry}/photo", body=PNG, content_type="image/png").status == 200
    assert api.get(f"{entry}/photo").content == PNG
    card = api.get(f"{entry}/vcard").content.decode()
    assert "FN:Ada Bäcker\r\n" in card
    assert "ORG:Baker\\, Sons\\; & Co\r\n" in card
    assert "NOTE:a\\nb\\,c\\;d\\\\e\r\n" in card
    assert "PHOTO;ENCODING=b;TYPE=PNG:" in card
    assert api.delete(f"{place}?should_soft_delete=false").status == 200
    with account_scope(api.account):
        assert not ListEntryPhoto.objects.filter(content=PNG).exists()


@given(st.text(max_size=300))
def test_no_name_forges_a_line_of_a_vcard(name: str) -> None:
    card = vcard({"displayname": name, "profile": {"note": name}}, numbers=[("work", name)])
    assert all(len(line) <= 75 for line in card.split(b"\r\n"))
    unfolded = card.decode().replace("\r\n ", "")
    assert [line.partition(":")[0].partition(";")[0] for line in unfolded.split("\r\n")[:4]] == [
        "BEGIN", "VERSION", "FN", "N",
    ]  # fmt: skip
    assert {line.partition(":")[0].partition(";")[0] for line in unfolded.split("\r\n")} <= {
        "BEGIN", "VERSION", "FN", "N", "TEL", "NOTE", "END", "",
    }  # fmt: skip


def test_what_routing_knows_follows_the_accounts_blacklists(api: ApiClient) -> None:
    def blocked() -> set[str]:
        return set(BlockedCaller.objects.filter(account_id=api.account.id).values_list("number", flat=True))

    made = api.put("blacklists", {"name": "No", "numbers": {"(312) 555-0666": {}, "4711": {"why": "rude"}}}).data
    assert blocked() == set()
    account = api.get("").data
    assert api.post("", {**account, "blacklists": [made["id"]]}).status == 200
    assert blocked() == {"+13125550666", "4711"}
    assert api.patch(f"blacklists/{made['id']}", {"should_block_anonymous": True}).status == 200
    assert blocked() == {"+13125550666", "4711", "anonymous"}
    assert api.delete(f"blacklists/{made['id']}").status == 200
    assert blocked() == set()


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"type": "regex"}, "rules.0"),
        ({"type": "number"}, "rules.0"),
        ({"type": "shoe"}, "rules.0.type"),
        ({"type": "regex", "regex": "(a+)+$"}, "rules.0.regex"),
        ({"type": "list", "list_id": "0" * 32}, "rules.0.list_id"),
        ({"type": "anonymous", "temporal_rules": ["0" * 32]}, "rules.0.temporal_rules.0"),
    ],
)
def test_a_match_list_says_what_is_wrong(api: ApiClient, rule: dict[str, object], path: str) -> None:
    reply = api.put("match_lists", {"name": "Some", "rules": [rule]})
    assert (reply.status, list(reply.data)) == (400, [path]), reply.data


def test_a_directory_shows_who_is_in_it_and_where_calls_go(api: ApiClient, company: Company) -> None:
    bob, bella = (company.people[name].login.pk for name in ("bob", "bella"))
    made = api.put("directories", {"name": "Company", "users": [bob]}).data
    assert made["users"] == [{"user_id": bob}]
    flow = "f" * 32
    assert api.patch(f"users/{bella}", {"directories": {made["id"]: flow}}).status == 200
    read = api.get(f"directories/{made['id']}").data
    assert {one["user_id"]: one.get("callflow_id") for one in read["users"]} == {bob: None, bella: flow}
    assert api.post(f"directories/{made['id']}", read).data["users"] == read["users"]
    assert api.patch(f"users/{bella}", {"directories": None}).status == 200
    assert [one["user_id"] for one in api.get(f"directories/{made['id']}").data["users"]] == [bob]
    refused = api.put("directories", {"name": "Company", "users": ["0" * 32], "min_dtmf": 3})
    assert list(refused.data) == ["users.0"]
    assert list(api.put("directories", {"name": "C", "min_dtmf": 4, "max_dtmf": 3}).data) == ["max_dtmf"]


def test_a_pin_that_cannot_be_keyed_in_is_refused(api: ApiClient) -> None:
    reply = api.put("menus", {"name": "Main", "record_pin": "12345"})
    assert list(reply.data) == ["record_pin"]
    assert api.put("menus", {"name": "Main", "record_pin": "12345", "max_extension_length": 5}).status == 201
    with account_scope(api.account):
        assert create_menu({"name": "Main"}, system_principal(api.account.id)).document["retries"] == 3


def test_an_account_turns_away_who_hides_without_any_blacklist(api: ApiClient) -> None:
    blocked = BlockedCaller.objects.filter(account_id=api.account.id)
    account = api.get("").data
    assert api.post("", {**account, "blacklists": [], "block_anonymous_caller_id": True}).status == 200
    assert [row.number for row in blocked.all()] == ["anonymous"]
    assert api.patch("", {"block_anonymous_caller_id": False}).status == 200
    assert not blocked.exists()
