"""Which of a call's recording rules apply, read from the documents. Runs inside `account_scope`."""

from __future__ import annotations

from collections.abc import Mapping

from apps.foundation.accounts.models import Account
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.legs import Household
from apps.pbx.endpoints.queries import documents_of
from apps.pbx.recordings.rules import Network, account_wants, endpoint_wants, says_anything
from apps.pbx.recordings.wanting import Wanted


def wanted_at_start(account: Account, call_kind: str, authorizing_id: str, *, leaves: bool) -> tuple[Wanted, ...]:
    """What is recorded from the beginning: for the account, and for the phone that calls. `leaves` says that the call
    goes outside."""
    network: Network = "offnet" if leaves else "onnet"
    found = [account_wants(account.document, call_kind, network)]
    if call_kind == "internal" and authorizing_id:
        device = Device.objects.filter(id=authorizing_id).first()
        # A call the system places for somebody is authorized by him, not by a device.
        user_id = "" if device is not None else authorizing_id
        documents = documents_of(account, device, user_id)
        owner_id = device.user_ids[0] if device is not None and device.user_ids else user_id
        if (device is not None or documents["user"]) and says_anything(*documents.values()):
            found.append(endpoint_wants("outbound", network, **documents, owner_id=owner_id))
    return tuple(wanted for wanted in found if wanted is not None)


def wanted_when_answered(household: Household, call_kind: str) -> Mapping[str, Wanted]:
    """What is recorded when one of the phones that ring answers, by the device."""
    network: Network = "offnet" if call_kind == "inbound" else "onnet"
    found = {}
    for identifier, device in household.devices.items():
        owner = household.users.get(device.owner_id)
        wanted = endpoint_wants(
            "inbound",
            network,
            account=household.account,
            user=owner.document if owner is not None else {},
            device=device.document,
            owner_id=device.owner_id,
        )
        if wanted is not None:
            found[identifier] = wanted
    return found
