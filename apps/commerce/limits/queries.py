"""Whether one more call fits into an account's limits."""

from dataclasses import dataclass
from typing import Literal

from django.db.models import Count, Q

from apps.commerce.limits.models import AccountLimits
from apps.foundation.accounts.scope import current_account_id
from apps.switching.calls.models import LiveChannel

Direction = Literal["inbound", "outbound", "internal"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls of an account now: all of them, those from carriers, those to carriers."""

    calls: int
    inbound: int
    outbound: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is the name of the limit that is reached, empty where the call is allowed."""

    reason: str = ""

    @property
    def allowed(self) -> bool:
        return not self.reason


def usage(interaction_id: str = "") -> Usage:
    """The scope's account's live calls without the one named by `interaction_id`, in one query.

    A call is counted once, however many legs it has. Legs from and to carriers are those whose `authorizing_type` is
    "resource".
    """
    legs = LiveChannel.objects.filter(account_id=current_account_id())
    if interaction_id:
        legs = legs.exclude(interaction_id=interaction_id)
    carrier = Q(authorizing_type="resource")
    counted = legs.aggregate(
        calls=Count("interaction_id", distinct=True),
        inbound=Count("interaction_id", distinct=True, filter=carrier & Q(direction="inbound")),
        outbound=Count("interaction_id", distinct=True, filter=carrier & Q(direction="outbound")),
    )
    return Usage(**counted)


def may_start_call(direction: Direction, *, interaction_id: str = "", emergency: bool = False) -> Verdict:
    """Whether the scope's account may have one more call; `interaction_id` names the one that asks, so that it is not
    counted against itself. An emergency call always may. At most two queries."""
    limits = AccountLimits.objects.first()
    if limits is None or emergency:
        return Verdict()
    return verdict(limits, usage(interaction_id), direction)


def verdict(limits: AccountLimits, used: Usage, direction: Direction) -> Verdict:
    if limits.calls is not None and used.calls >= limits.calls:
        return Verdict("calls")
    if direction == "internal":
        return Verdict()
    outside = used.inbound + used.outbound
    if limits.resource_consuming_calls is not None and outside >= limits.resource_consuming_calls:
        return Verdict("resource_consuming_calls")
    return Verdict("" if _has_trunk(limits, used, direction) else f"{direction}_trunks")


def _has_trunk(limits: AccountLimits, used: Usage, direction: Direction) -> bool:
    """One-way trunks are taken first; what does not fit there takes two-way ones."""
    own = limits.inbound_trunks if direction == "inbound" else limits.outbound_trunks
    if own is None and limits.twoway_trunks is None:
        return True
    taken = used.inbound if direction == "inbound" else used.outbound
    if taken < (own or 0):
        return True
    spilled = max(0, used.inbound - (limits.inbound_trunks or 0)) if _is_limited(limits, "inbound") else 0
    spilled += max(0, used.outbound - (limits.outbound_trunks or 0)) if _is_limited(limits, "outbound") else 0
    return spilled < (limits.twoway_trunks or 0) + (limits.burst_trunks or 0)


def _is_limited(limits: AccountLimits, direction: Direction) -> bool:
    own = limits.inbound_trunks if direction == "inbound" else limits.outbound_trunks
    return own is not None or limits.twoway_trunks is not None
