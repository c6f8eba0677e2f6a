"""Phones and people as the pages show them: with what the switches know about them now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.foundation.kit.clock import now
from apps.pbx.devices.models import Device
from apps.pbx.users.models import User
from apps.switching.calls.models import ChannelState, LiveChannel
from apps.switching.registrar.models import Registration

#: KAZOO's device types, in words.
DEVICE_TYPES = {
    "sip_device": _("Desk phone"),
    "softphone": _("Softphone"),
    "cellphone": _("Mobile phone"),
    "smartphone": _("Smartphone"),
    "landline": _("Landline"),
    "fax": _("Fax machine"),
    "ata": _("Analogue adapter"),
    "sip_uri": _("SIP address"),
    "mobile": _("Mobile SIM"),
}


@dataclass(frozen=True, slots=True)
class Presence:
    """`registration` is the latest, expired ones too; `state` a word of `base/state.html`."""

    state: str
    registration: Registration | None

    @property
    def registered(self) -> bool:
        return self.registration is not None and self.registration.expires > now()

    @property
    def last_seen(self) -> datetime | None:
        return self.registration.registered if self.registration else None

    @property
    def address(self) -> str:
        found = self.registration
        return f"{found.network_ip}:{found.network_port}" if found and found.network_ip else ""


def presences(devices: Sequence[Device]) -> dict[str, Presence]:
    """By device id; two queries however many devices there are."""
    account_ids = {device.account_id for device in devices}
    ids = [device.id for device in devices]
    latest: dict[str, Registration] = {}
    registrations = Registration.objects.filter(account_id__in=account_ids, device_id__in=ids).order_by("expires")
    for registration in registrations:
        latest[registration.device_id] = registration
    talking = _talking(account_ids, Q(authorizing_id__in=ids), "authorizing_id")
    return {
        device.id: Presence(_device_state(device, latest.get(device.id), talking), latest.get(device.id))
        for device in devices
    }


def device_row(device: Device, presence: Presence, owner: User | None, owner_url: str = "") -> dict[str, Any]:
    registration = presence.registration
    return {
        "id": device.id,
        "name": device.name,
        "device_type": DEVICE_TYPES.get(device.device_type, device.device_type),
        "owner_name": owner.full_name if owner else "",
        "owner_url": owner_url if owner else "",
        "enabled": device.enabled,
        "state": presence.state,
        "last_seen": presence.last_seen,
        "user_agent": registration.user_agent if registration else "",
        "address": presence.address,
        "transport": _transport(registration),
        "expires_at": registration.expires if registration and presence.registered else None,
        "sip_username": device.sip_username,
    }


def owners_of(devices: Iterable[Device]) -> dict[str, User]:
    ids = {device.owner_id for device in devices if device.owner_id}
    return {user.id: user for user in User.objects.filter(id__in=ids)} if ids else {}


def person_state(user: User, presences_of_devices: Sequence[Presence], busy: bool = False) -> str:
    """One word for a person: disabled, on a call, do not disturb, forwarding, available or offline."""
    states = {presence.state for presence in presences_of_devices}
    if not user.enabled:
        return "disabled"
    for word in ("busy", "ringing"):
        if word in states or (word == "busy" and busy):
            return word
    if switched_on(user.document, "do_not_disturb"):
        return "do_not_disturb"
    if forwarding_number(user.document):
        return "forwarding"
    return "available" if "registered" in states else "offline"


def switched_on(document: Mapping[str, Any], group: str) -> bool:
    options = document.get(group)
    return isinstance(options, Mapping) and options.get("enabled") is True


def forwarding_number(document: Mapping[str, Any]) -> str:
    """Where calls are forwarded to now, empty where they are not."""
    return str(document["call_forward"].get("number") or "") if switched_on(document, "call_forward") else ""


def _device_state(device: Device, registration: Registration | None, talking: Mapping[str, str]) -> str:
    if not device.enabled:
        return "disabled"
    if device.id in talking:
        return talking[device.id]
    return "registered" if registration is not None and registration.expires > now() else "unregistered"


def _talking(account_ids: Iterable[str], which: Q, column: str) -> dict[str, str]:
    """`busy` or `ringing` of those that are on a call."""
    found: dict[str, str] = {}
    channels = LiveChannel.objects.filter(which, account_id__in=account_ids).values_list(column, "state", "answered")
    for key, state, answered in channels:
        busy = answered is not None or state != ChannelState.RINGING
        if busy or key not in found:
            found[key] = "busy" if busy else "ringing"
    return found


def _transport(registration: Registration | None) -> str:
    if registration is None:
        return ""
    _, _sign, rest = registration.contact.partition("transport=")
    return rest.partition(";")[0].lower() or ("tls" if registration.contact.startswith("sips:") else "udp")
