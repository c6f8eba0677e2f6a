"""Writes to the directory of phones. Callers hold the transaction of the device a row belongs to."""

from django.db import IntegrityError, transaction

from apps.pbx.hardware.models import PhoneHardware


class HardwareTaken(Exception):
    """Another device of the cluster has this MAC address."""


def claim(mac_address: str, *, account_id: str, device_id: str) -> None:
    """Make the address the device's, and its former one free. Raises HardwareTaken."""
    if PhoneHardware.objects.filter(mac_address=mac_address, device_id=device_id).exists():
        return
    release(device_id)
    try:
        with transaction.atomic():
            PhoneHardware.objects.create(mac_address=mac_address, account_id=account_id, device_id=device_id)
    except IntegrityError:
        raise HardwareTaken(mac_address) from None


def release(device_id: str) -> None:
    """Make the device's address free, if it has one."""
    PhoneHardware.objects.filter(device_id=device_id).delete()
