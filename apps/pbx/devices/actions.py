"""Every write of a device. Its directory row is written in the same transaction: neither exists without the other."""

import secrets
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope, current_account_id
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.pbx.devices import directory
from apps.pbx.devices.documents import DeviceDocument
from apps.pbx.devices.models import NEVER_REGISTER, Device
from apps.pbx.hardware import actions as hardware
from apps.pbx.lamps.actions import show_device, show_nothing
from apps.pbx.users.models import User
from apps.switching.calls import tasks
from apps.switching.registrar.actions import write_credential
from apps.switching.registrar.models import Registration, SipCredential, TrunkAddress


@transaction.atomic
def create_device(document: dict[str, Any], principal: Principal) -> Device:
    """Raises ValidationFailed: an unknown owner, a SIP name, address or MAC address that is somebody else's."""
    account = _account()
    document = _checked(document, account)
    owner = _owner(document.get("owner_id"))
    device = create_document(Device, document, principal)
    _write_directory(device, account, _acting(device, owner))
    return device


@transaction.atomic
def replace_device(device: Device, document: dict[str, Any], principal: Principal) -> Device:
    """Without `sip.username` or `sip.password` in the document the old ones stay. Raises as `create_device`."""
    account = _account()
    document = _checked(document, account, device)
    owner = _owner(document.get("owner_id"))
    replace_document(device, document, principal)
    _write_directory(device, account, _acting(device, owner))
    return device


@transaction.atomic
def delete_device(device: Device, principal: Principal, *, hard: bool = False) -> Device:
    directory.remove(device)
    hardware.release(device.id)
    show_nothing(device.account_id, device.id)
    return delete_document(device, principal, hard=hard)


@transaction.atomic
def release_devices_of(user_id: str, principal: Principal) -> list[Device]:
    """The devices of a user who goes belong to nobody afterwards, and he is logged out of others. Returns his own."""
    devices = list(Device.objects.select_for_update().filter(owner_id=user_id))
    for device in devices:
        document = device.to_document()
        document.pop("owner_id")
        replace_device(device, document, principal)
    for device in Device.objects.select_for_update().filter(logged_in__contains=[user_id]):
        document = device.to_document()
        document["hotdesk"]["users"].pop(user_id, None)
        replace_device(device, document, principal)
    return devices


@transaction.atomic
def rewrite_directory(devices: Iterable[Device]) -> None:
    """Bring the directory up to date with the scope's account and with the devices' owners."""
    account, devices = _account(), list(devices)
    owners = User.objects.in_bulk([device.user_ids[0] for device in devices if device.user_ids])
    credentials = {row.device_id: row for row in SipCredential.objects.filter(account_id=account.id)}
    for device in devices:
        owner = owners.get(device.user_ids[0]) if device.user_ids else None
        if not directory.is_current(device, account, owner, credentials.get(device.id)):
            directory.write(device, account, owner)


def rewrite_account(account: Account) -> None:
    """The account was changed, enabled or restored: its realm, caller identity and state are in every row."""
    with account_scope(account.id), transaction.atomic():
        devices = list(Device.objects.select_for_update().order_by("id"))
        for device in devices:
            if device.sip.get("realm", account.realm) != account.realm:
                device.document["sip"]["realm"] = account.realm
                device.save(update_fields=["document"])
        rewrite_directory(devices)
        _forget_other_realms(account)


def _forget_other_realms(account: Account) -> None:
    """Phones that registered in a realm the account no longer has are not reached any more: have them register anew."""
    rows = Registration.objects.filter(account_id=account.id).exclude(realm=account.realm.lower())
    for realm in set(rows.values_list("realm", flat=True)):
        transaction.on_commit(partial(tasks.flush_registrations.delay, account.id, "", realm))


@transaction.atomic
def suspend_account(account: Account) -> None:
    """The account was disabled or deleted: its phones can neither register nor call."""
    for credential in SipCredential.objects.filter(account_id=account.id, enabled=True):
        write_credential(
            device_id=credential.device_id,
            account_id=credential.account_id,
            realm=credential.realm,
            username=credential.username,
            a1_hash=credential.a1_hash,
            owner_id=credential.owner_id,
            enabled=False,
            variables=credential.variables,
        )
    TrunkAddress.objects.filter(account_id=account.id, source_type="trunk").update(enabled=False)


def _account() -> Account:
    return Account.objects.get(id=current_account_id())


def _checked(document: dict[str, Any], account: Account, device: Device | None = None) -> dict[str, Any]:
    """The document with its defaults, a SIP name and the account's realm."""
    document = validated(DeviceDocument, document)
    sip = document["sip"]
    realm = sip.get("realm")
    if realm and realm.lower() != account.realm.lower() and (device is None or realm != device.sip.get("realm")):
        message = _("Phones register with the account's realm")
        raise ValidationFailed.of("sip.realm", "invalid", message, value=realm, target=account.realm)
    if not sip.get("username") and document["device_type"] not in NEVER_REGISTER and sip["method"] == "password":
        sip["username"] = (device and device.sip_username) or f"user_{secrets.token_hex(5)}"
    return document


def _owner(owner_id: str | None) -> User | None:
    """The user, held until the transaction ends, so that nobody deletes him meanwhile."""
    if not owner_id:
        return None
    owner: User | None = User.objects.select_for_update(no_key=True).filter(id=owner_id).first()
    if owner is None:
        raise ValidationFailed.of("owner_id", "not_found", _("The account has no such user"), cause=owner_id)
    return owner


def _acting(device: Device, owner: User | None) -> User | None:
    """Whose the calls of the device are: whoever is logged in to it, else its owner's."""
    if not device.logged_in:
        return owner
    return User.objects.filter(id=device.logged_in[0]).first()


def _write_directory(device: Device, account: Account, owner: User | None) -> None:
    directory.write(device, account, owner)
    show_device(device)
    if not device.mac_address:
        hardware.release(device.id)
        return
    try:
        hardware.claim(device.mac_address, account_id=account.id, device_id=device.id)
    except hardware.HardwareTaken:
        raise ValidationFailed.of(
            "mac_address", "unique", _("Another device has this MAC address"), cause=device.mac_address
        ) from None
