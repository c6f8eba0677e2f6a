"""What the verbs do to documents, and what is answered."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api_client import ApiClient
from tests.integration.identity.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]
DEVICE = {"name": "Front desk", "tags": ["a", "b"], "nested": {"kept": 1, "dropped": 2}}


@pytest.fixture
def device(alice: ApiClient) -> str:
    identifier: str = alice.put("devices", DEVICE).data["id"]
    return identifier


def test_created_answers_201_with_its_place(alice: ApiClient) -> None:
    reply = alice.put("devices", DEVICE)
    assert (reply.status, reply.body["status"]) == (201, "success")
    assert alice.get(reply.headers["Location"]).data["id"] == reply.data["id"]
    assert reply.headers["ETag"] == f'"{reply.body["revision"]}"'


def test_the_envelope(alice: ApiClient, device: str) -> None:
    body = alice.get(f"devices/{device}").body
    assert {"data", "status", "request_id", "revision", "timestamp", "version", "node", "auth_token"} <= body.keys()
    assert body["tokens"]["consumed"] == 1
    assert body["auth_token"] == alice.token
    assert "page_size" not in body


def test_the_version_is_for_those_who_signed_in(nobody: ApiClient) -> None:
    assert not {"version", "node", "auth_token"} & nobody.get("/v2/schemas").body.keys()


def test_get_costs_three_queries(alice: ApiClient, device: str) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert alice.get(f"devices/{device}").status == 200
    selects = [query["sql"] for query in queries if not query["sql"].startswith("SET ")]
    assert len(selects) <= 3, selects


def test_post_replaces_every_public_field(alice: ApiClient, device: str) -> None:
    data = alice.post(f"devices/{device}", {"name": "Second"}).data
    assert data["name"] == "Second"
    assert not {"tags", "nested"} & data.keys()


def test_post_takes_what_get_gave(alice: ApiClient, device: str) -> None:
    read = alice.get(f"devices/{device}").data
    assert alice.post(f"devices/{device}", read).data == read


def test_patch_merges_deeply_and_null_removes(alice: ApiClient, device: str) -> None:
    data = alice.patch(f"devices/{device}", {"nested": {"dropped": None, "new": 3}, "tags": ["c"]}).data
    assert (data["nested"], data["tags"], data["name"]) == ({"kept": 1, "new": 3}, ["c"], "Front desk")


def test_the_result_of_a_patch_is_validated(alice: ApiClient, device: str) -> None:
    reply = alice.patch(f"devices/{device}", {"name": None})
    assert (reply.status, reply.data["name"]) == (400, {"required": {"message": "Field is required but missing"}})


def test_soft_delete_is_answered_with_the_document(alice: ApiClient, device: str) -> None:
    reply = alice.delete(f"devices/{device}")
    assert reply.status == 200
    assert (reply.data["name"], reply.data["_read_only"]["deleted"]) == ("Front desk", True)
    again = alice.get(f"devices/{device}")
    assert (again.status, again.body["message"], again.data["cause"]) == (404, "bad_identifier", device)


@pytest.mark.parametrize("place", ["query", "data", "envelope"])
def test_hard_delete_leaves_no_row(alice: ApiClient, device: str, place: str, cast: Cast) -> None:
    from apps.foundation.accounts.scope import account_scope
    from apps.pbx.devices.models import Device

    if place == "query":
        reply = alice.delete(f"devices/{device}?should_soft_delete=false")
    elif place == "data":
        reply = alice("DELETE", f"devices/{device}", {"should_soft_delete": False})
    else:
        reply = alice("DELETE", f"devices/{device}", {}, envelope={"should_soft_delete": False})
    assert reply.status == 200
    with account_scope(cast.tree.bakery):
        assert not Device.across_accounts.filter(id=device).exists()


def test_etag_answers_304_and_guards_writes(alice: ApiClient, device: str) -> None:
    etag = alice.get(f"devices/{device}").headers["ETag"]
    again = alice.get(f"devices/{device}", headers={"If-None-Match": etag})
    assert (again.status, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert alice.patch(f"devices/{device}", {"note": "x"}, headers={"If-Match": etag}).status == 200
    stale = alice.patch(f"devices/{device}", {"note": "y"}, headers={"If-Match": etag})
    assert (stale.status, stale.body["message"]) == (412, "precondition_failed")
    assert alice.delete(f"devices/{device}", headers={"If-Match": etag}).status == 412
    assert alice.get(f"devices/{device}").data["note"] == "x"
    assert alice.delete(f"devices/{device}", headers={"If-Match": "*"}).status == 200


def test_text_is_converted_where_a_number_or_a_truth_is_wanted(alice: ApiClient) -> None:
    data = alice.put("devices", {"name": "A", "enabled": "false"}).data
    assert data["enabled"] is False


def test_errors_name_the_field_and_the_rule(alice: ApiClient) -> None:
    reply = alice.put("devices", {"name": "x" * 129, "enabled": "perhaps", "sip": {"method": "guess"}})
    assert (reply.status, reply.body["message"], reply.body["error"]) == (400, "validation error", "400")
    assert reply.data["name"]["maxLength"]["target"] == 128
    assert reply.data["enabled"]["type"]["target"] == "boolean"
    assert reply.data["sip.method"]["enum"]["value"] == "guess"


def test_a_list_is_no_document(alice: ApiClient) -> None:
    assert alice.put("devices", [DEVICE]).data["data"]["type"]["target"] == "object"


def test_nested_nouns(alice: ApiClient, cast: Cast) -> None:
    path = f"users/{cast.bob.id}/devices"
    device = alice.put(path, {"name": "Bob's", "owner_id": cast.alice.id}).data
    assert device["owner_id"] == cast.bob.id
    other = alice.put("devices", {"name": "Other"}).data
    assert [row["id"] for row in alice.get(path).data] == [device["id"]]
    assert alice.get(f"{path}/{device['id']}").status == 200
    assert alice.get(f"{path}/{other['id']}").status == 404
    assert alice.get(f"users/{'0' * 32}/devices").status == 404
    assert alice.get("users/nonsense/devices").status == 404


def test_a_plain_user_sees_their_own_and_writes_nothing(alice: ApiClient, bob: ApiClient, cast: Cast) -> None:
    own = alice.put("devices", {"name": "Bob's", "owner_id": cast.bob.id}).data["id"]
    foreign = alice.put("devices", DEVICE).data["id"]
    assert [row["id"] for row in bob.get("devices").data] == [own]
    assert bob.get(f"devices/{own}").status == 200
    assert bob.get(f"devices/{foreign}").status == 404
    assert bob.get(f"users/{cast.alice.id}/devices").status == 404
    assert bob.put("devices", DEVICE).status == 403
    assert bob.delete(f"devices/{own}").status == 403


def test_jsonp_and_pretty_print(alice: ApiClient) -> None:
    wrapped = alice.get("devices?jsonp=cb.x1")
    assert wrapped.content.startswith(b"cb.x1({")
    assert wrapped.headers["Content-Type"] == "application/javascript"
    assert alice.get("devices?jsonp=alert(1)").content.startswith(b"{")
    assert b'\n  "data"' in alice.get("devices?pretty_print=true").content
    assert b'\n  "data"' in alice.get("devices", headers={"X-Pretty-Print": "true"}).content
