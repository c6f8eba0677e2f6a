"""What the cluster's directory says about a device: its credential, or the address its calls come from.

The variables are set by the switch on every call the device makes. They come from account, user and device together
(`apps.pbx.endpoints.rules`), so they are written again when any of the three changes.
"""

import hashlib
import ipaddress
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.crossbar.errors import ValidationFailed
from apps.pbx.devices.models import Device
from apps.pbx.endpoints import rules
from apps.pbx.users.models import User
from apps.switching.calls.dial_string import display_text, shown_name
from apps.switching.presence.queries import UNASKED
from apps.switching.registrar.actions import CredentialTaken, remove_credential, write_credential, write_trunk_addresses
from apps.switching.registrar.models import SipCredential, TrunkAddress


def write(device: Device, account: Account, owner: User | None) -> None:
    """Write the device's rows of the directory, or remove them where it needs none.

    Raises ValidationFailed where its SIP name or its address is somebody else's.
    """
    usable = is_usable(device, account, owner)
    if device.registers and device.sip_username:
        _write_credential(device, account, owner, usable)
    else:
        remove_credential(device.id)
    _write_address(device, account, usable)


def is_usable(device: Device, account: Account, owner: User | None) -> bool:
    return device.enabled and account.enabled and account.deleted is None and (owner is None or owner.enabled)


def is_current(device: Device, account: Account, owner: User | None, written: SipCredential | None) -> bool:
    """Whether writing the device's credential again would change nothing; the password has not changed."""
    if written is None or not device.registers:
        return False
    wanted = {key: str(value) for key, value in variables(device, account, owner).items() if value is not None}
    return (
        written.variables == wanted
        and written.enabled == is_usable(device, account, owner)
        and (written.realm, written.username) == (account.realm.lower(), device.sip_username)
    )


def remove(device: Device) -> None:
    remove_credential(device.id)
    write_trunk_addresses(source_id=device.id, account_id=device.account_id, networks=(), source_type="trunk")


def a1_hash(username: str, realm: str, password: str) -> str:
    """MD5(username:realm:password), RFC 2617 §3.2.2.2: what the switch checks a digest against."""
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()


def variables(device: Device, account: Account, owner: User | None) -> dict[str, Any]:
    """Channel variables of the calls the device makes; None for those that are not set."""
    documents = {
        "account": account.document,
        "user": owner.document if owner else {},
        "device": device.document,
    }
    inside, outside = (rules.caller_id(kind, **documents) for kind in ("internal", "external"))
    name = inside.name or (owner.full_name if owner else "") or device.name
    number = inside.number or str((owner and owner.presence_id) or device.document.get("presence_id") or "")
    return {
        "account_id": account.id,
        "authorizing_id": device.id,
        "authorizing_type": "device",
        "owner_id": owner.id if owner else None,
        "effective_caller_id_name": shown_name(name),
        "effective_caller_id_number": display_text(number) if number else None,
        "outbound_caller_id_name": shown_name(outside.name) if outside.name else None,
        "outbound_caller_id_number": display_text(outside.number) if outside.number else None,
        UNASKED: "false" if device.document.get("mwi_unsolicited_updates") is False else None,
        "default_language": (owner and owner.document.get("language")) or device.document.get("language"),
    }


def _write_credential(device: Device, account: Account, owner: User | None, usable: bool) -> None:
    username, realm = device.sip_username, account.realm.lower()
    try:
        with transaction.atomic():
            write_credential(
                device_id=device.id,
                account_id=account.id,
                realm=realm,
                username=username,
                a1_hash=a1_hash(username, realm, device.sip_password),
                owner_id=owner.id if owner else "",
                enabled=usable,
                variables=variables(device, account, owner),
            )
    except (CredentialTaken, IntegrityError):
        raise ValidationFailed.of(
            "sip.username", "unique", _("Another device of the realm has this SIP username"), cause=username
        ) from None


def _write_address(device: Device, account: Account, usable: bool) -> None:
    networks = []
    if device.sip.get("method") == "ip":
        networks = [_network(str(device.sip.get("ip") or ""), device)]
    write_trunk_addresses(
        source_id=device.id, account_id=account.id, networks=networks, source_type="trunk", enabled=usable
    )


def _network(text: str, device: Device) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        rule, message = (
            ("required", "Field is required but missing") if not text else ("format", _("Not an IP address"))
        )
        raise ValidationFailed.of("sip.ip", rule, message, value=text) from None
    if address.is_multicast or address.is_unspecified:
        raise ValidationFailed.of("sip.ip", "format", _("Not the address of one machine"), value=text)
    network = str(ipaddress.ip_network(address))
    taken = TrunkAddress.objects.extra(where=["network && %s::cidr"], params=[network]).exclude(source_id=device.id)
    if taken.exists():
        raise ValidationFailed.of("sip.ip", "unique", _("Calls from this address are somebody else's"), cause=text)
    return network
