"""Ringing, as the verbs device, user, group and ring_group have it in common."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, go_on, stop
from apps.pbx.callflows.sounds import sound_or_none
from apps.pbx.endpoints.legs import Asking, Member
from apps.pbx.endpoints.queries import expand_groups, resolve
from apps.switching.calls.dial_string import Leg
from apps.switching.calls.port import BridgeRequest, BridgeResult, Call

logger = logging.getLogger(__name__)
Strategy = Literal["simultaneous", "single", "weighted_random"]
#: Nobody could be rung: 480 Temporarily Unavailable where the flow has no other child.
NOBODY = "SUBSCRIBER_ABSENT"
BRIDGE_CHILDREN: Mapping[str, str] = {
    "_": "nobody answered, or nobody could be rung",
    "USER_BUSY, NO_ANSWER, CALL_REJECTED …": "ringing failed with this hangup cause",
    "sip:486, sip:603 …": "ringing failed with this SIP status",
}


@dataclass(frozen=True, slots=True)
class Ring:
    """Whom to ring and how. `timeout` counts seconds for each round, or for each one rung in turn."""

    members: tuple[Member, ...]
    strategy: Strategy = "simultaneous"
    timeout: int = 20
    repeats: int = 1
    ringback: str = ""
    fail_on_single_reject: bool = False
    ignore_redirects: bool = False
    direct: bool = True
    can_call_self: bool = False
    suppress_caller_id: bool = False
    static_invite: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    ringtones: Mapping[str, str] = field(default_factory=dict)


async def ring(call: Call, wanted: Ring) -> Branch:
    """Ring them; stop when somebody answered, else go on at the child for the cause."""
    result: BridgeResult | None = None
    for turn in range(max(1, wanted.repeats)):
        legs, skipped = await _legs(call, wanted)
        if skipped and turn == 0:
            logger.info("call %s: not rung: %s", call.uuid, "; ".join(skipped[:20]))
        if not legs:
            return go_on(cause=NOBODY, why="nobody to ring")
        for request in _requests(call, wanted, legs):
            result = await call.bridge(request)
            if result.answered:
                return stop(why="answered")
            logger.info("call %s: %d rung, %s", call.uuid, len(request.legs), result.cause)
            if wanted.fail_on_single_reject and result.cause == "CALL_REJECTED":
                return after_failure(result)
    return after_failure(result) if result is not None else go_on(cause=NOBODY)


def after_failure(result: BridgeResult) -> Branch:
    """Go on at the child named by the hangup cause, else by the SIP status, else `_`."""
    keys = [result.cause] + ([f"sip:{result.sip_code}"] if result.sip_code else [])
    return go_on(*keys, cause=result.cause, why=f"not answered: {result.cause}")


async def _legs(call: Call, wanted: Ring) -> tuple[tuple[Leg, ...], tuple[str, ...]]:
    asking = Asking(
        authorizing_id=call.authorizing_id,
        owner_id=call.owner_id,
        call_kind=call.call_kind,
        dialled=call.destination,
        caller_id=call.caller_id,
        direct=wanted.direct,
        can_call_self=wanted.can_call_self,
        suppress_caller_id=wanted.suppress_caller_id,
        static_invite=wanted.static_invite,
        headers=_headers(call, wanted),
    )
    draw = wanted.strategy == "weighted_random"
    return await in_account(call.account_id, _resolve, wanted.members, asking, draw=draw)


def _resolve(members: Sequence[Member], asking: Asking, *, draw: bool) -> tuple[tuple[Leg, ...], tuple[str, ...]]:
    if draw:
        members = weighted_order(expand_groups(members))
    resolution = resolve(members, asking)
    return resolution.legs, resolution.skipped


def weighted_order(members: Sequence[Member], source: random.Random | None = None) -> list[Member]:
    """A random order in which a member of weight 40 comes first twice as often as one of weight 20.

    Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): sort by u^(1/w).
    """
    chance = source or random.SystemRandom()
    return sorted(members, key=lambda member: chance.random() ** (1 / max(1, member.weight)), reverse=True)


def _requests(call: Call, wanted: Ring, legs: tuple[Leg, ...]) -> list[BridgeRequest]:
    groups = [legs] if wanted.strategy == "simultaneous" else [(_at_once(leg),) for leg in legs]
    variables = {"interaction_id": call.interaction_id, "call_kind": call.call_kind}
    if wanted.ignore_redirects:
        variables["outbound_redirect_fatal"] = "true"
    return [
        BridgeRequest(
            legs=group,
            timeout=wanted.timeout or 20,
            ringback=sound_or_none(wanted.ringback),
            ignore_early_media=len(group) > 1,
            fail_on_single_reject=wanted.fail_on_single_reject,
            variables=variables,
        )
        for group in groups
    ]


def _at_once(leg: Leg) -> Leg:
    """In turn, a delay would only be silence."""
    return Leg(leg.target, leg.timeout, 0, leg.variables)


def _headers(call: Call, wanted: Ring) -> dict[str, str]:
    headers = {f"sip_h_{name}": value for name, value in wanted.headers.items()}
    tone = wanted.ringtones.get("internal" if call.call_kind == "internal" else "external")
    return headers | ({"alert_info": tone} if tone else {})
