"""Devices, and what the cluster's directory knows of them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from apps.foundation.accounts.actions import disable_account, enable_account, replace_account
from apps.foundation.accounts.documents import to_document
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.identity.principal import Principal, system_principal
from apps.pbx.devices.actions import create_device, delete_device, replace_device
from apps.pbx.devices.models import Device
from apps.pbx.hardware.models import PhoneHardware
from apps.switching.registrar.models import SipCredential, TrunkAddress
from tests.cast import Tree
from tests.integration.pbx.conftest import person


def credential(device: Device) -> SipCredential:
    return SipCredential.objects.get(device_id=device.id)


def test_a_name_alone_makes_a_phone_that_registers(bakery: Account, admin: Principal) -> None:
    device = create_device({"name": "Desk"}, admin)
    found = credential(device)
    secret = f"{device.sip_username}:{bakery.realm}:{device.sip_password}"
    assert found.a1_hash == hashlib.md5(secret.encode()).hexdigest()
    assert (found.realm, found.username, found.enabled) == (bakery.realm, device.sip_username, True)
    assert found.variables["account_id"] == bakery.id
    assert found.variables["authorizing_id"] == device.id
    assert len(device.sip_password) == 16


def test_the_password_is_in_no_document_and_no_trail(admin: Principal) -> None:
    device = create_device({"name": "Desk", "sip": {"username": "desk", "password": "open-sesame"}}, admin)
    stored = Device.objects.get(id=device.id)
    assert stored.sip_password == "open-sesame"
    assert "open-sesame" not in str(stored.to_document())
    assert "open-sesame" not in stored.sip_password_encrypted
    assert "open-sesame" not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


def test_name_and_password_stay_unless_given(admin: Principal) -> None:
    device = create_device({"name": "Desk", "sip": {"username": "desk", "password": "open-sesame"}}, admin)
    replace_device(device, {"name": "Front desk"}, admin)
    again = Device.objects.get(id=device.id)
    assert (again.name, again.sip_username, again.sip_password) == ("Front desk", "desk", "open-sesame")
    before = credential(device).a1_hash
    replace_device(again, again.to_document() | {"sip": {"username": "desk", "password": "new-sesame"}}, admin)
    assert credential(device).a1_hash != before


def test_a_sip_username_is_unique_in_its_realm(tree: Tree, admin: Principal) -> None:
    create_device({"name": "One", "sip": {"username": "desk"}}, admin)
    with pytest.raises(ValidationFailed) as refused:
        create_device({"name": "Two", "sip": {"username": "desk"}}, admin)
    assert refused.value.violations["sip.username"]["unique"]["cause"] == "desk"
    assert Device.objects.count() == 1 or Device.objects.filter(name="Two").count() == 1
    with account_scope(tree.clinic.id):
        create_device({"name": "One", "sip": {"username": "desk"}}, system_principal(tree.clinic.id))


def test_a_mac_address_belongs_to_one_phone_of_the_cluster(tree: Tree, admin: Principal) -> None:
    device = create_device({"name": "One", "mac_address": "00-04-F2-AB-7E-FD"}, admin)
    assert device.mac_address == "00:04:f2:ab:7e:fd"
    with account_scope(tree.harbour.id), pytest.raises(ValidationFailed) as refused:
        create_device({"name": "Two", "mac_address": "0004f2ab7efd"}, system_principal(tree.harbour.id))
    assert "unique" in refused.value.violations["mac_address"]
    replace_device(device, {"name": "One"}, admin)
    assert not PhoneHardware.objects.filter(device_id=device.id).exists()


@pytest.mark.parametrize(
    ("document", "path", "rule"),
    [
        ({}, "name", "required"),
        ({"name": "x" * 129}, "name", "maxLength"),
        ({"name": "x", "owner_id": "f" * 32}, "owner_id", "not_found"),
        ({"name": "x", "owner_id": "me"}, "owner_id", "minLength"),
        ({"name": "x", "mac_address": "nonsense"}, "mac_address", "format"),
        ({"name": "x", "sip": {"password": "1234"}}, "sip.password", "minLength"),
        ({"name": "x", "sip": {"username": "a b"}}, "sip.username", "pattern"),
        ({"name": "x", "sip": {"method": "magic"}}, "sip.method", "enum"),
        ({"name": "x", "sip": {"method": "ip"}}, "sip.ip", "required"),
        ({"name": "x", "sip": {"method": "ip", "ip": "300.1.1.1"}}, "sip.ip", "format"),
        ({"name": "x", "sip": {"method": "ip", "ip": "0.0.0.0"}}, "sip.ip", "format"),
        ({"name": "x", "sip": {"realm": "elsewhere.test"}}, "sip.realm", "invalid"),
        ({"name": "x", "sip": {"expire_seconds": "soon"}}, "sip.expire_seconds", "type"),
    ],
)
def test_wrong_input_is_named(admin: Principal, document: dict[str, Any], path: str, rule: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        create_device(document, admin)
    assert rule in refused.value.violations[path]


def test_a_device_known_by_its_address(tree: Tree, admin: Principal) -> None:
    device = create_device({"name": "PBX", "sip": {"method": "ip", "ip": "192.0.2.17"}}, admin)
    address = TrunkAddress.objects.get(source_id=device.id)
    assert (address.source_type, address.account_id) == ("trunk", device.account_id)
    assert not SipCredential.objects.filter(device_id=device.id).exists()
    with account_scope(tree.clinic.id), pytest.raises(ValidationFailed) as refused:
        create_device({"name": "x", "sip": {"method": "ip", "ip": "192.0.2.17"}}, system_principal(tree.clinic.id))
    assert "unique" in refused.value.violations["sip.ip"]
    delete_device(device, admin)
    assert not TrunkAddress.objects.filter(source_id=device.id).exists()


def test_a_cell_phone_has_no_credential(admin: Principal) -> None:
    device = create_device(
        {"name": "Cell", "device_type": "cellphone", "call_forward": {"enabled": True, "number": "+15551230009"}}, admin
    )
    assert not SipCredential.objects.filter(device_id=device.id).exists()
    assert device.sip_password == ""


def test_disabling_and_deleting(admin: Principal) -> None:
    device = create_device({"name": "Desk"}, admin)
    replace_device(device, device.to_document() | {"enabled": False}, admin)
    assert not credential(device).enabled
    delete_device(device, admin)
    assert not SipCredential.objects.filter(device_id=device.id).exists()
    assert not Device.objects.filter(id=device.id).exists()


def test_the_directory_follows_the_account(tree: Tree, admin: Principal) -> None:
    device = create_device({"name": "Desk", "sip": {"username": "desk", "realm": tree.bakery.realm}}, admin)
    account = Account.objects.get(id=tree.bakery.id)
    document = to_document(account) | {"realm": "cakes.test", "caller_id": {"external": {"number": "+15551230002"}}}
    replace_account(account, document, system_principal(tree.north.id))
    found = credential(device)
    assert found.realm == "cakes.test"
    assert found.a1_hash == hashlib.md5(f"desk:cakes.test:{device.sip_password}".encode()).hexdigest()
    assert found.variables["outbound_caller_id_number"] == "+15551230002"
    assert Device.objects.get(id=device.id).sip["realm"] == "cakes.test"


def test_a_disabled_account_s_phones_stop(tree: Tree, admin: Principal) -> None:
    device = create_device({"name": "Desk"}, admin)
    account = Account.objects.get(id=tree.bakery.id)
    disable_account(account, tree.principal)
    assert not credential(device).enabled
    enable_account(account, tree.principal)
    assert credential(device).enabled


def test_an_owner_must_be_of_the_account(tree: Tree, admin: Principal) -> None:
    with account_scope(tree.clinic.id):
        carol = person("carol", system_principal(tree.clinic.id))
    with pytest.raises(ValidationFailed) as refused:
        create_device({"name": "Desk", "owner_id": carol.id}, admin)
    assert "not_found" in refused.value.violations["owner_id"]
