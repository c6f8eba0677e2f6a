"""What people change about themselves and their phones by dialling: forwarding, do-not-disturb, call waiting, and which
phone is whose for today. Each is one transaction, audited as done by the person whose phone it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.crossbar.documents import merge
from apps.foundation.identity.principal import Principal, Role
from apps.pbx.devices.actions import replace_device
from apps.pbx.devices.models import Device
from apps.pbx.users.actions import replace_user
from apps.pbx.users.models import User

Target = User | Device


def by_phone(user_id: str) -> Principal:
    """Whoever dialled: the person, or the account itself where the phone is nobody's."""
    return Principal(current_account_id(), user_id or None, Role.ACCOUNT_ADMIN, "phone")


def target_of(authorizing_id: str, owner_id: str, identifier: str = "") -> Target | None:
    """Whose settings a caller changes: those named, else the user's whose phone it is, else the phone's own."""
    for wanted in filter(None, (identifier, owner_id, authorizing_id)):
        found = User.objects.filter(id=wanted).first() or Device.objects.filter(id=wanted).first()
        if found is not None or wanted == identifier:
            return found
    return None


@transaction.atomic
def change_settings(target: Target, changes: Mapping[str, Any], principal: Principal) -> Target:
    """Lay `changes` over the document; a None removes. Raises ValidationFailed."""
    held = type(target).objects.select_for_update().get(id=target.id)
    document = merge(held.to_document(), changes)
    document.pop("id", None)
    if isinstance(held, User):
        return replace_user(held, document, principal)
    return replace_device(held, document, principal)


def switch_forward(target: Target, kind: str, changes: Mapping[str, Any], principal: Principal) -> Target:
    """Change the forwarding of one kind. `unconditional` is kept where KAZOO 4 has it, in `call_forward` itself."""
    if kind != "unconditional":
        return change_settings(target, {"call_forward": {kind: dict(changes)}}, principal)
    group = target.document.get("call_forward")
    # A client that writes the newer group means the same switch: both say the same, or a forward could not be ended.
    newer = {"unconditional": dict(changes)} if isinstance(group, Mapping) and group.get("unconditional") else {}
    return change_settings(target, {"call_forward": {**changes, **newer}}, principal)


@transaction.atomic
def log_in(device: Device, user: User, principal: Principal) -> Device:
    """Make a phone the user's until he logs out. Unless he keeps them, he is logged out of the others."""
    hotdesk = user.document.get("hotdesk")
    keeps = isinstance(hotdesk, Mapping) and bool(hotdesk.get("keep_logged_in_elsewhere"))
    if not keeps:
        for other in Device.objects.filter(logged_in__contains=[user.id]).exclude(id=device.id):
            log_out(other, user.id, principal)
    changed = change_settings(device, {"hotdesk": {"users": {user.id: {}}}}, principal)
    assert isinstance(changed, Device)
    return changed


@transaction.atomic
def log_out(device: Device, user_id: str, principal: Principal) -> Device:
    """The phone is its owner's again, or whoever else's is logged in to it."""
    changed = change_settings(device, {"hotdesk": {"users": {user_id: None}}}, principal)
    assert isinstance(changed, Device)
    return changed
