"""Waiting for somebody to be free, and calling back."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction

from apps.foundation.accounts.scope import AccountUnknown, account_scope, current_account_id
from apps.foundation.kit.clock import now
from apps.pbx.camping.models import Camp
from apps.pbx.endpoints.queries import busy_among
from apps.pbx.endpoints.quickcall import NobodyToRing, QuickCall, start_quickcall
from apps.pbx.pickup.queries import behind, parties
from apps.switching.calls.dial_string import UnsafeValue
from apps.switching.registrar.models import SipCredential

log = logging.getLogger(__name__)
LASTS = timedelta(hours=1)
#: How many people one phone may wait for.
MOST = 10
#: Channel variable of a call back: the caller has waited for this.
CAMPED = "camped"
RING_SECONDS = 30


def wanted_at(extension: str) -> frozenset[str]:
    """The devices and users an extension rings; empty where it rings nobody. Runs in the account's scope."""
    return parties(behind(extension))


def are_busy(wanted: Iterable[str], interaction_id: str = "") -> bool:
    """Whether any of them has a call. Runs in the account's scope."""
    return bool(busy_among(wanted, interaction_id))


@transaction.atomic
def camp(device_id: str, extension: str, number: str, wanted: Iterable[str]) -> bool:
    """Have the phone called back when they are free; False where it waits for too many already."""
    mine = Camp.objects.filter(account_id=current_account_id(), device_id=device_id)
    mine.filter(expires__lte=now()).delete()
    if mine.exclude(extension=extension).count() >= MOST:
        return False
    given = {"number": number, "wanted": sorted(wanted), "expires": now() + LASTS}
    Camp.objects.update_or_create(
        account_id=current_account_id(), device_id=device_id, extension=extension, defaults=given
    )
    return True


def call_back() -> int:
    """Ring everybody whose wait is over; how many that were."""
    Camp.objects.filter(expires__lte=now()).delete()
    return sum(_call_back(account_id, row) for row, account_id in Camp.objects.values_list("id", "account_id"))


def _call_back(account_id: str, row: int) -> bool:
    try:
        with account_scope(account_id), transaction.atomic():
            camp = Camp.objects.select_for_update(skip_locked=True).filter(id=row).first()
            if camp is None or busy_among([*camp.wanted, camp.device_id]):
                return False
            camp.delete()
            start_quickcall(
                QuickCall(
                    camp.device_id,
                    "device",
                    camp.number,
                    timeout=RING_SECONDS,
                    variables={
                        CAMPED: "true",
                        "origination_caller_id_name": camp.extension,
                        "origination_caller_id_number": camp.extension,
                        **_shown(camp.device_id),
                    },
                )
            )
            return True
    except AccountUnknown:
        Camp.objects.filter(id=row).delete()
    except (NobodyToRing, UnsafeValue) as error:
        log.info("camp %s: nobody is called back: %s", row, error)
    return False


def _shown(device_id: str) -> dict[str, str]:
    """Who calls, as the phone's other calls show it: else it would be whom it was rung for."""
    credential = SipCredential.objects.filter(device_id=device_id).first()
    if credential is None:
        return {}
    shown = {name: credential.variables.get(f"effective_caller_id_{name}", "") for name in ("name", "number")}
    return {f"effective_caller_id_{name}": text or credential.username for name, text in shown.items()}
