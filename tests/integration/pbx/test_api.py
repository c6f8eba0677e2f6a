"""The shapes clients of crossbar rely on, over the API."""

from __future__ import annotations

import pytest

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.principal import system_principal
from apps.pbx.numbers.models import PhoneNumber
from apps.switching.registrar.models import Registration
from tests.api_client import ApiClient, client_of
from tests.cast import Tree
from tests.integration.pbx.conftest import person


def signed_in(account: Account, name: str, level: str = "admin", at: Account | None = None) -> ApiClient:
    with account_scope(account.id):
        user = person(name, system_principal(account.id), priv_level=level)
    return client_of(account, user, at)


@pytest.fixture
def alice(tree: Tree) -> ApiClient:
    return signed_in(tree.bakery, "alice")


def test_a_user_list_has_names_and_features(alice: ApiClient) -> None:
    alice.put("users", {"first_name": "Lobby", "last_name": "Phone"})
    rows = alice.get("users").data
    assert len(rows) == 2
    for row in rows:
        assert isinstance(row["first_name"], str)
        assert isinstance(row["last_name"], str)
        assert isinstance(row["features"], list)
    assert alice.put("users", {"first_name": "No", "last_name": "One", "username": "alice"}).status == 400


def test_what_was_read_can_be_posted_back(alice: ApiClient) -> None:
    made = alice.put("devices", {"name": "Desk", "custom": {"a": [1, None]}, "sip": {"password": "open-sesame"}})
    assert made.status == 201
    read = alice.get(f"devices/{made.data['id']}").data
    assert read["sip"]["password"] == "open-sesame"
    posted = alice.post(f"devices/{made.data['id']}", read)
    assert posted.status == 200
    assert posted.data == read


def test_a_sip_password_is_shown_to_administrators_of_one_device_only(tree: Tree, alice: ApiClient) -> None:
    bob = signed_in(tree.bakery, "bob", "user")
    users = {row["username"]: row["id"] for row in alice.get("users").data}
    device = alice.put("devices", {"name": "Bob's", "owner_id": users["bob"], "sip": {"password": "open-sesame"}}).data
    assert device["sip"]["password"] == "open-sesame"
    for answer in (alice.get("devices"), bob.get("devices"), bob.get(f"devices/{device['id']}")):
        assert answer.status == 200
        assert b"open-sesame" not in answer.content
    assert alice.get("devices?filter_sip.password=open-sesame").status == 400
    assert alice.get("devices?filter_not_sip.realm=x").status == 200
    assert [row["id"] for row in bob.get(f"users/{users['bob']}/devices").data] == [device["id"]]
    assert bob.patch(f"devices/{device['id']}", {"name": "Mine"}).status == 403


def test_registration_states(tree: Tree, alice: ApiClient) -> None:
    desk = alice.put("devices", {"name": "Desk"}).data
    cell = alice.put("devices", {"name": "Cell", "device_type": "cellphone"}).data
    assert alice.post(f"devices/{desk['id']}/sync").status == 409
    Registration.objects.create(
        realm=tree.bakery.realm,
        username="desk",
        account_id=tree.bakery.id,
        device_id=desk["id"],
        contact="sip:desk@192.0.2.7",
        switch="fs1",
        call_id="c",
        expires="2099-01-01T00:00Z",
    )
    assert alice.get("devices/status").data == [
        {"device_id": cell["id"], "registered": False, "registrable": False},
        {"device_id": desk["id"], "registered": True, "registrable": True},
    ]


def test_a_person_looks_after_himself(tree: Tree, alice: ApiClient) -> None:
    bob = signed_in(tree.bakery, "bob", "user")
    [row] = bob.get("users").data
    mine = f"users/{row['id']}"
    assert bob.patch(mine, {"call_forward": {"enabled": True, "number": "1002"}, "appList": ["x"]}).status == 200
    assert bob.patch(mine, {"priv_level": "admin"}).status == 403
    assert bob.patch(mine, {"priv_level": None}).status == 200
    assert bob.get(mine).data["priv_level"] == "user"
    assert bob.patch(mine, {"enabled": None, "caller_id": {"external": {"number": "+1"}}}).status == 403
    assert bob.put("users", {"first_name": "A", "last_name": "B"}).status == 403
    assert bob.delete(mine).status == 403
    assert bob.get("callflows").status == 403


def test_numbers_are_an_object(tree: Tree, alice: ApiClient) -> None:
    nora = signed_in(tree.north, "nora", at=tree.bakery)
    made = nora.put("phone_numbers/%2B14155550100", {})
    assert made.status == 201
    assert (made.data["id"], made.data["state"]) == ("+14155550100", "reserved")
    assert nora.put("phone_numbers/4155550100").body["message"] == "number_exists"
    assert alice.put("phone_numbers/%2B14155550101").status == 403
    assert alice.put("phone_numbers/nonsense").status == 404
    assert alice.put("phone_numbers/4155550100/activate").data["state"] == "in_service"
    listed = alice.get("phone_numbers").data
    assert listed["cascade_quantity"] == 0
    assert listed["numbers"]["+14155550100"]["state"] == "in_service"
    assert listed["numbers"]["+14155550100"]["assigned_to"] == tree.bakery.id
    assert alice.get('phone_numbers?filter_state=["reserved"]').data["numbers"] == {}
    assert alice.get("phone_numbers/14155550100/identify").data["account_id"] == tree.bakery.id
    assert signed_in(tree.harbour, "dave").get("phone_numbers/%2B14155550100/identify").status == 404
    assert alice.patch("phone_numbers/%2B14155550100", {"mine": 1}).data["mine"] == 1
    assert alice.get("phone_numbers/classifiers/4155550100").data["name"] == "did_us"
    assert "did_us" in alice.get("phone_numbers/classifiers").data
    assert alice.delete("phone_numbers/%2B14155550100").data["state"] == "available"
    assert [row["number"] for row in alice.get("phone_numbers?prefix=415").data] == ["+14155550100"]
    assert alice.get("/v2/phone_numbers?prefix=415&quantity=1").data[0]["number"] == "+14155550100"
    assert alice.get("phone_numbers?prefix=x").status == 400


def test_numbers_page_by_page(tree: Tree) -> None:
    nora = signed_in(tree.north, "nora", at=tree.bakery)
    numbers = [f"+1415555010{digit}" for digit in range(5)]
    assert nora.put("phone_numbers/collection", {"numbers": numbers}).status == 201
    first = nora.get("phone_numbers?page_size=3").body
    assert list(first["data"]["numbers"]) == numbers[:3]
    second = nora.get(f"phone_numbers?page_size=3&start_key={first['next_start_key']}").body
    assert list(second["data"]["numbers"]) == numbers[3:]
    assert "next_start_key" not in second
    refused = nora.put("phone_numbers/collection", {"numbers": ["+14155550109", numbers[0]]})
    assert (refused.status, list(refused.data)) == (400, [numbers[0]])
    assert nora.get("phone_numbers/%2B14155550109").status == 404
    checked = nora.post("phone_numbers/check", {"numbers": [numbers[0], "+14155550109", "x"]}).data
    assert checked == {numbers[0]: "error", "+14155550109": "success", "x": "error"}
    gone = nora("DELETE", "phone_numbers/collection", {"numbers": numbers})
    assert list(gone.data["success"]) == numbers


def test_the_catch_all_callflow_is_found_as_clients_look_for_it(alice: ApiClient) -> None:
    flow = {"module": "resources", "data": {}, "children": {}}
    made = alice.put("callflows", {"numbers": ["no_match"], "flow": flow}).data
    alice.put("callflows", {"numbers": ["1001"], "flow": flow})
    [row] = alice.get("callflows?filter_numbers=no_match").data
    assert row["id"] == made["id"]
    assert (row["featurecode"], row["modules"]) == (False, ["resources"])
    refused = alice.put("callflows", {"numbers": ["1001"], "flow": flow})
    assert (refused.status, refused.data["numbers"]["unique"]["cause"]) == (400, "1001")


def test_limits_are_there_before_they_are_set(tree: Tree, alice: ApiClient) -> None:
    nora = signed_in(tree.north, "nora", at=tree.bakery)
    assert alice.post("limits", {"calls": 99}).status == 403
    assert nora.post("limits", {"calls": "5"}).data["calls"] == 5
    assert nora.patch("limits", {"twoway_trunks": 1}).data == {**alice.get("limits").data}
    assert signed_in(tree.north, "nick").post("limits", {"calls": 99}).status == 403


def test_carriers_of_an_account_and_of_everybody(tree: Tree, alice: ApiClient) -> None:
    olga = signed_in(tree.master, "olga")
    document = {"name": "Telecom", "rules": [r"^\+(\d+)$"]}
    gateway = {"server": "192.0.2.10", "username": "u", "password": "secret-word"}
    made = olga.put("/v2/resources", document | {"gateways": [gateway]})
    assert made.status == 201
    assert b"secret-word" not in made.content
    assert [row["name"] for row in olga.get("/v2/resources").data] == ["Telecom"]
    assert olga.patch(f"/v2/resources/{made.data['id']}", {"weight_cost": "5"}).data["weight_cost"] == 5
    assert alice.get("/v2/resources").status == 403
    assert alice.get(f"resources/{made.data['id']}").status == 404
    assert alice.put("resources", document | {"gateways": []}).status == 201
    assert [row["name"] for row in alice.get("resources").data] == ["Telecom"]


def test_numbers_are_put_right_and_say_where_they_are_from(tree: Tree, alice: ApiClient) -> None:
    nora = signed_in(tree.north, "nora", at=tree.bakery)
    number = "+14155550142"
    nora.put(f"phone_numbers/{number.replace('+', '%2B')}", {"create_with_state": "in_service"})
    flow = {"module": "hangup", "data": {}, "children": {}}
    alice.put("callflows", {"numbers": [number], "flow": flow})
    PhoneNumber.objects.filter(number=number).update(used_by="", callflow_id="")
    fixed = alice.post("phone_numbers/fix", {}).data["numbers"]
    assert (fixed[number]["used_by"], fixed[number]["state"]) == ("callflow", "in_service")
    PhoneNumber.objects.filter(number=number).update(used_by="callflow", callflow_id="0" * 32)
    assert alice.post("phone_numbers/fix/4155550142", {}).data["used_by"] == "callflow"
    assert PhoneNumber.objects.get(number=number).callflow_id != "0" * 32
    assert alice.post("phone_numbers/fix/4155550199", {}).status in (400, 404)

    found = alice.post("phone_numbers/locality", {"numbers": [number, "+493012345678", "oven"]}).data
    assert (found[number]["country"], found[number]["geocode"]["locality"]) == ("US", "San Francisco, CA")
    assert found[number]["timezones"] == ["America/Los_Angeles"]
    assert (found["+493012345678"]["country"], found["+493012345678"]["locality"]["locality"]) == ("DE", "Berlin")
    assert found["oven"] == {"number": "oven", "status": "error"}


def test_several_carriers_at_once(tree: Tree, alice: ApiClient) -> None:
    gateway = {"server": "192.0.2.10"}
    good = {"name": "One", "rules": [r"^\+(\d+)$"], "gateways": [gateway]}
    made = alice.put("resources/collection", [good, {"name": "Two"}])
    assert (made.status, list(made.data["errors"]), list(made.data["errors"]["1"])) == (201, ["1"], ["gateways"])
    ((identifier, document),) = made.data["successes"].items()
    changed = alice.post("resources/collection", [document | {"name": "Uno"}, good | {"id": "0" * 32}])
    assert changed.data["successes"][identifier]["name"] == "Uno"
    assert list(changed.data["errors"]) == ["0" * 32]
    assert alice.get(f"resources/{identifier}").data["name"] == "Uno"
    assert alice.put("resources/collection", {"name": "One"}).status == 400
    assert alice.put("/v2/resources/collection", [good]).status == 403
