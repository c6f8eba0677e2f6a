"""Reads about devices that span tables."""

from collections.abc import Iterable

from apps.foundation.kit.clock import now
from apps.pbx.devices.models import Device
from apps.switching.registrar.models import Registration


def registered_among(devices: Iterable[Device]) -> set[str]:
    """The ids of those devices that are registered now, in one query."""
    identifiers = [device.id for device in devices]
    found = Registration.objects.filter(device_id__in=identifiers, expires__gt=now())
    return set(found.values_list("device_id", flat=True))
