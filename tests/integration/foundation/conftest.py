"""A planted tree, with things in it."""

from __future__ import annotations

from datetime import UTC, datetime

from apps.commerce.cdrs.models import CallRecord
from apps.commerce.limits.models import AccountLimits
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.documents.actions import create_document
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import ensure_partition
from apps.pbx.devices.models import Device
from apps.switching.registrar.models import SipCredential
from tests.trees import _module_tree, tree

__all__ = ["_module_tree", "tree"]

#: A month no other row falls into.
LONG_AGO = datetime(2024, 2, 29, 23, 59, tzinfo=UTC)


def furnish(account: Account, *devices: str) -> None:
    """Devices with credentials, limits, and an old call record in a month of its own."""
    principal = system_principal(account.id)
    with account_scope(account):
        for name in devices:
            device = create_document(Device, {"name": name, "sip": {"username": name}}, principal)
            SipCredential.objects.create(
                realm=account.realm, username=name, account_id=account.id, device_id=device.id, a1_hash="0" * 32
            )
        create_document(AccountLimits, {"calls": 3}, principal)
        ensure_partition(CallRecord, LONG_AGO)
        CallRecord.objects.create(
            id=monthly_id(LONG_AGO),
            month=LONG_AGO.date().replace(day=1),
            account_id=account.id,
            call_id="call",
            switch="fs1",
            direction="inbound",
            started=LONG_AGO,
            ended=LONG_AGO,
        )


def device_names(account: Account) -> list[str]:
    with account_scope(account.id):
        return sorted(Device.objects.values_list("name", flat=True))
