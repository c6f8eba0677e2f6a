"""What is read about wake-up calls. Runs inside `account_scope`."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from apps.pbx.devices.models import Device
from apps.pbx.schedules.queries import INHERIT, zone_of
from apps.pbx.users.models import User
from apps.pbx.wakeup_calls.models import WakeupCall


def zone_for(call: WakeupCall) -> ZoneInfo:
    """The call's own zone, else the device's, the user's, the account's."""
    return zone_of(str(call.document.get("timezone") or "") or zone_name(call.device_id, call.owner_id))


def zone_name(device_id: str | None, owner_id: str | None) -> str | None:
    """The zone of a device or else of its user; None where neither says."""
    device = Device.objects.filter(id=device_id).first() if device_id else None
    if device is not None and (found := _named(device.document.get("timezone"))):
        return found
    person = owner_id or (device.owner_id if device is not None else None)
    user = User.objects.filter(id=person).first() if person else None
    return _named(user.timezone) if user is not None else None


def calls_of(device_id: str, owner_id: str) -> QuerySet[WakeupCall]:
    """Those that are going to ring this phone, the next one first."""
    mine = Q(device_id=device_id)
    if owner_id:
        mine |= Q(device_id=None, owner_id=owner_id)
    found: QuerySet[WakeupCall] = WakeupCall.objects.filter(mine, act_at__isnull=False).order_by("act_at", "id")
    return found


def _named(zone: object) -> str | None:
    return zone if isinstance(zone, str) and zone and zone != INHERIT else None
