"""The account tree over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_client import ApiClient
from tests.integration.identity.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]


def ids(reply: Any) -> list[str]:
    assert reply.status == 200, reply.content
    return [row["id"] for row in reply.data]


@pytest.fixture
def bakery(cast: Cast) -> str:
    return f"/v2/accounts/{cast.tree.bakery.id}"


def test_a_name_is_enough(nora: ApiClient, cast: Cast) -> None:
    reply = nora.put("/v2/accounts", {"name": "Florist"})
    assert reply.status == 201, reply.content
    data = reply.data
    assert data["realm"]
    assert data["reseller_id"] == cast.tree.north.id
    facts = ("billing_mode", "superduper_admin", "wnm_allow_additions", "created", "is_reseller", "enabled")
    assert all(fact in data for fact in facts)
    assert nora.get(reply.headers["Location"]).data["name"] == "Florist"


def test_a_child_of_another_account(nora: ApiClient, bakery: str, cast: Cast) -> None:
    made = nora.put(bakery, {"name": "Second branch"})
    assert made.status == 201
    assert ids(nora.get(f"/v2/accounts/{made.data['id']}/parents"))[-1] == cast.tree.bakery.id


def test_realms_are_unique(nora: ApiClient) -> None:
    reply = nora.put("/v2/accounts", {"name": "Other", "realm": "bakery.test"})
    assert (reply.status, list(reply.data["realm"])) == (400, ["unique"])


def test_post_takes_the_whole_document_that_was_read(alice: ApiClient, bakery: str) -> None:
    document = alice.get(bakery).data
    reply = alice.post(bakery, {**document, "ui_restrictions": {"users": {"show_tab": True}}})
    assert reply.status == 200, reply.content
    assert reply.data == {**document, "ui_restrictions": {"users": {"show_tab": True}}}


def test_facts_are_not_taken_from_a_document(alice: ApiClient, bakery: str) -> None:
    data = alice.patch(bakery, {"superduper_admin": True, "is_reseller": True, "reseller_id": "x"}).data
    assert (data["superduper_admin"], data["is_reseller"]) == (False, False)


def test_a_plain_user_reads_and_changes_nothing(bob: ApiClient, bakery: str) -> None:
    assert bob.get(bakery).status == 200
    assert "api_key" not in bob.get(f"{bakery}?include_api_key=true").data
    assert bob.patch(bakery, {"name": "Bob's"}).status == 403
    assert bob.get(f"{bakery}/api_key").status == 403
    assert bob.put(bakery, {"name": "Bob's"}).status == 403


def test_enabling_needs_an_account_above(alice: ApiClient, nora: ApiClient, bakery: str) -> None:
    assert alice.patch(bakery, {"enabled": False}).status == 403
    assert nora.patch(bakery, {"enabled": False}).data["enabled"] is False
    assert alice.get(bakery).status in (401, 423)
    assert nora.patch(bakery, {"enabled": True}).data["enabled"] is True


def test_relatives(alice: ApiClient, nora: ApiClient, bakery: str, cast: Cast) -> None:
    tree = cast.tree
    assert ids(alice.get(f"{bakery}/children")) == [tree.branch.id]
    assert ids(alice.get(f"{bakery}/descendants")) == [tree.branch.id]
    assert ids(nora.get(f"/v2/accounts/{tree.north.id}/children")) == [tree.bakery.id, tree.clinic.id]
    row = nora.get(f"/v2/accounts/{tree.north.id}/children").data[0]
    assert row == {"id": tree.bakery.id, "name": "Bakery", "realm": "bakery.test", "descendants_count": 1, "flags": []}
    assert (
        nora.get(f"/v2/accounts/{tree.north.id}/descendants?filter_name=Branch").data[0]["tree"][-1] == tree.bakery.id
    )
    assert ids(nora.get(f"{bakery}/siblings")) == [tree.clinic.id]
    assert alice.get(f"{bakery}/siblings").status == 403
    assert ids(alice.get(f"/v2/accounts/{tree.branch.id}/parents")) == [tree.bakery.id]
    assert ids(alice.get(f"/v2/accounts/{tree.branch.id}/tree")) == [tree.bakery.id]
    assert ids(alice.get(f"{bakery}/parents")) == [], "a customer does not see who is above"


def test_api_keys_are_read_and_rotated(alice: ApiClient, bakery: str) -> None:
    key = alice.get(f"{bakery}/api_key").data["api_key"]
    assert len(key) == 64
    assert alice.get(f"{bakery}?include_api_key=true").data["api_key"] == key
    fresh = alice.put(f"{bakery}/api_key").data["api_key"]
    assert fresh != key
    assert alice.get(f"{bakery}/api_key").data["api_key"] == fresh


def test_resellers_are_made_and_unmade_by_the_operator(
    olga: ApiClient, nora: ApiClient, alice: ApiClient, bakery: str, cast: Cast
) -> None:
    device = alice.put("devices", {"name": "Moves along"}).data["id"]
    assert nora.put(f"{bakery}/reseller").status == 403
    assert olga.put(f"{bakery}/reseller").data["is_reseller"] is True
    again = olga.put(f"{bakery}/reseller")
    assert (again.status, again.body["message"]) == (409, "already_a_reseller")
    assert olga.get(f"{bakery}/devices/{device}").data["name"] == "Moves along"
    assert olga.delete(f"{bakery}/reseller").data["is_reseller"] is False
    assert olga.get(f"{bakery}/devices/{device}").status == 200


def test_moving(olga: ApiClient, nora: ApiClient, alice: ApiClient, bakery: str, cast: Cast) -> None:
    tree = cast.tree
    assert alice.post(f"/v2/accounts/{tree.branch.id}/move", {"to": tree.clinic.id}).status == 403
    assert "not_found" in nora.post(f"{bakery}/move", {"to": tree.south.id}).data["to"]
    assert "required" in olga.post(f"{bakery}/move", {}).data["to"]
    loop = olga.post(f"{bakery}/move", {"to": tree.branch.id})
    assert (loop.status, loop.body["status"]) == (409, "error")
    assert olga.post(f"{bakery}/move", {"to": tree.south.id}).data["reseller_id"] == tree.south.id
    assert nora.get(bakery).status == 403


def test_deleting(alice: ApiClient, nora: ApiClient, olga: ApiClient, bakery: str, cast: Cast) -> None:
    refused = nora.delete(bakery)
    assert (refused.status, refused.body["message"]) == (409, "account_has_descendants")
    branch = f"/v2/accounts/{cast.tree.branch.id}"
    assert alice.delete(bakery).status == 403
    assert alice.delete(branch).data["_read_only"]["deleted"] is True
    assert alice.get(branch).status == 404
    master = olga.delete(f"/v2/accounts/{cast.tree.master.id}")
    assert (master.status, master.body["message"]) == (409, "master_account")
