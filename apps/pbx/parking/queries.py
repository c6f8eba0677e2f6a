"""Reads about parked calls, in the account's scope."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.kit.clock import now
from apps.pbx.parking.models import ParkedCall
from apps.switching.calls.models import LiveChannel

#: The first slot that is given where nobody names one.
FIRST_SLOT = 101
#: How long a slot is kept for a phone that is just transferring its caller into it.
HANDING_OVER = timedelta(seconds=15)
#: A channel is announced by its switch within this time; a waiting call without one is gone.
ANNOUNCED = timedelta(seconds=15)


def waiting() -> QuerySet[ParkedCall]:
    """Calls that wait now: not the legs of phones that are about to transfer somebody."""
    return present().filter(asks=False).exclude(call_id="")


def present() -> QuerySet[ParkedCall]:
    """Slots that are taken. A row whose channel is gone (its call server was lost, and then the call) is none."""
    live = LiveChannel.objects.filter(uuid=OuterRef("call_id"), account_id=current_account_id())
    fresh = Q(since__gt=now() - ANNOUNCED)
    handed_over = Q(call_id="", since__gt=now() - HANDING_OVER)
    return ParkedCall.objects.filter(handed_over | (~Q(call_id="") & (fresh | Exists(live))))


def longest_waiting() -> str:
    """The slot of the call that waits longest, empty where none does."""
    return waiting().order_by("since").values_list("slot", flat=True).first() or ""


def device_of_leg(uuid: str) -> str | None:
    """The device whose leg this is or was, by what let it in; empty for a leg that is no device's. None where nothing
    is known of it (yet): its call record comes in a moment after its channel is gone."""
    own = {"account_id": current_account_id()}
    found = LiveChannel.objects.filter(uuid=uuid, **own).values_list("authorizing_id", "authorizing_type").first()
    if found is None:
        rows = CallRecord.objects.filter(call_id=uuid, **own)
        found = rows.values_list("authorizing_id", "authorizing_type").first()
    if found is None:
        return None
    return found[0] if found[1] in ("", "device") else ""
