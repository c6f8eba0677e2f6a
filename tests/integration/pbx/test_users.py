"""Users: who signs in, and what a person may change about himself."""

from __future__ import annotations

import pytest

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.crossbar.errors import Forbidden, ValidationFailed
from apps.foundation.identity.principal import Principal, system_principal
from apps.pbx.devices.actions import create_device
from apps.pbx.devices.models import Device
from apps.pbx.users.actions import create_user, delete_user, replace_user
from apps.pbx.users.models import User
from apps.pbx.users.queries import features_of
from apps.switching.registrar.models import SipCredential
from tests.cast import Tree
from tests.integration.pbx.conftest import as_user, person


def test_what_was_put_is_read_back(admin: Principal) -> None:
    user = person("ada", admin, custom={"colour": "blue"}, appList=["a"])
    document = User.objects.get(id=user.id).to_document()
    assert document["custom"] == {"colour": "blue"}
    assert document["appList"] == ["a"]
    assert document["first_name"] == "Ada"
    assert document["call_restriction"] == {}
    assert document["vm_to_email_enabled"] is True
    assert "password" not in document


def test_no_password_reaches_the_audit_trail(admin: Principal) -> None:
    person("ada", admin, password="very secret words")
    assert "very secret words" not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


def test_a_username_is_unique_in_its_account_only(tree: Tree, admin: Principal) -> None:
    person("ada", admin)
    with pytest.raises(ValidationFailed) as refused:
        person("ADA", admin)
    assert refused.value.violations["username"]["unique"]["cause"] == "ADA"
    with account_scope(tree.clinic.id):
        person("ada", system_principal(tree.clinic.id))


def test_people_without_a_username_are_many(admin: Principal) -> None:
    create_user({"first_name": "Lobby", "last_name": "Phone"}, admin)
    create_user({"first_name": "Lobby", "last_name": "Phone", "username": ""}, admin)
    assert User.objects.filter(username=None).count() == 2


def test_the_old_password_stays_without_a_new_one(admin: Principal) -> None:
    user = person("ada", admin)
    replace_user(user, user.to_document() | {"last_name": "Lovelace"}, admin)
    again = User.objects.get(id=user.id)
    assert again.last_name == "Lovelace"
    assert again.check_plain("correct horse")


def test_a_new_username_needs_the_password(admin: Principal) -> None:
    user = person("ada", admin)
    with pytest.raises(ValidationFailed) as refused:
        replace_user(user, user.to_document() | {"username": "lovelace"}, admin)
    assert "required" in refused.value.violations["password"]


@pytest.mark.parametrize(
    ("field", "value", "path", "rule"),
    [
        ("email", "not an address", "email", "format"),
        ("timezone", "Mars/Olympus", "timezone", "format"),
        ("priv_level", "god", "priv_level", "enum"),
        ("username", "with blanks", "username", "pattern"),
        ("first_name", "", "first_name", "minLength"),
        ("call_forward", {"number": "1" * 36}, "call_forward.number", "maxLength"),
    ],
)
def test_wrong_input_is_named(admin: Principal, field: str, value: object, path: str, rule: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        person("ada", admin, **{field: value})
    assert rule in refused.value.violations[path]


def test_a_person_changes_his_own_harmless_fields(admin: Principal) -> None:
    user = person("bob", admin)
    changed = {"do_not_disturb": {"enabled": True}, "language": "es-es", "timezone": "Europe/Madrid", "ui_metadata": {}}
    replace_user(user, user.to_document() | changed, as_user(user))
    assert User.objects.get(id=user.id).to_document()["do_not_disturb"] == {"enabled": True}


@pytest.mark.parametrize(
    "change",
    [{"priv_level": "admin"}, {"caller_id": {"external": {"number": "+1555"}}}, {"call_restriction": {"x": {}}}],
)
def test_a_person_makes_himself_no_administrator(admin: Principal, change: dict[str, object]) -> None:
    user = person("bob", admin)
    with pytest.raises(Forbidden):
        replace_user(user, user.to_document() | change, as_user(user))


def test_a_person_drops_no_restriction_of_his(admin: Principal) -> None:
    user = person("bob", admin, call_restriction={"international": {"action": "deny"}})
    document = user.to_document()
    del document["call_restriction"]
    with pytest.raises(Forbidden):
        replace_user(user, document, as_user(user))


def test_a_person_proves_himself_to_change_his_password(admin: Principal) -> None:
    user = person("bob", admin)
    for current, rule in ((None, "required"), ("wrong", "invalid")):
        document = user.to_document() | {"password": "another one"} | ({"current_password": current} if current else {})
        with pytest.raises(ValidationFailed) as refused:
            replace_user(user, document, as_user(user))
        assert rule in refused.value.violations["current_password"]
    document = user.to_document() | {"password": "another one", "current_password": "correct horse"}
    replace_user(user, document, as_user(user))
    again = User.objects.get(id=user.id)
    assert again.check_plain("another one")
    assert "current_password" not in again.to_document()


def test_nobody_changes_somebody_else(admin: Principal) -> None:
    bob, bella = person("bob", admin), person("bella", admin)
    with pytest.raises(Forbidden):
        replace_user(bella, bella.to_document() | {"language": "es"}, as_user(bob))


def test_disabling_a_user_stops_his_phones(bakery: Account, admin: Principal) -> None:
    user = person("ada", admin)
    device = create_device({"name": "Ada's", "owner_id": user.id}, admin)
    assert SipCredential.objects.get(device_id=device.id).enabled
    replace_user(user, user.to_document() | {"enabled": False}, admin)
    assert not SipCredential.objects.get(device_id=device.id).enabled
    replace_user(user, user.to_document() | {"enabled": True}, admin)
    assert SipCredential.objects.get(device_id=device.id).enabled


def test_a_caller_id_reaches_the_directory(admin: Principal) -> None:
    user = person("ada", admin)
    device = create_device({"name": "Ada's", "owner_id": user.id}, admin)
    caller_id = {"internal": {"name": "Ada B.", "number": "1001"}, "external": {"number": "+15551230001"}}
    replace_user(user, user.to_document() | {"caller_id": caller_id}, admin)
    variables = SipCredential.objects.get(device_id=device.id).variables
    assert variables["effective_caller_id_name"] == "Ada B."
    assert variables["effective_caller_id_number"] == "1001"
    assert variables["outbound_caller_id_number"] == "+15551230001"


def test_deleting_a_user_frees_his_devices(admin: Principal) -> None:
    user = person("ada", admin)
    device = create_device({"name": "Ada's", "owner_id": user.id}, admin)
    delete_user(user, admin)
    assert not User.objects.filter(id=user.id).exists()
    assert Device.objects.get(id=device.id).owner_id is None
    assert SipCredential.objects.get(device_id=device.id).owner_id == ""
    person("ada", admin)


def test_features_are_what_is_switched_on(admin: Principal) -> None:
    user = person("ada", admin, vm_to_email_enabled=False)
    assert features_of(user) == []
    user = person("bob", admin, call_forward={"enabled": "true", "number": "1002"})
    assert features_of(user) == ["call_forward", "vm_to_email"]
