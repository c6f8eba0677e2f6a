"""Reads about parked calls, in the account's scope."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.kit.clock import now
from apps.pbx.parking.models import ParkedCall
from apps.switching.calls.models import LiveChannel
from apps.switching.registrar.models import SipCredential

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


def parker_of(referred_by: str) -> str:
    """The device behind a Referred-By (RFC 3892) of the account's own realm, empty for none."""
    username, _, realm = referred_by.strip().strip("<>").removeprefix("sip:").partition(";")[0].partition("@")
    account = Account.objects.only("realm").get(id=current_account_id())
    if not username or realm.strip(">").partition(":")[0].lower() != account.realm:
        return ""
    found = SipCredential.objects.filter(realm=account.realm, username=username, account_id=account.id)
    return found.values_list("device_id", flat=True).first() or ""
