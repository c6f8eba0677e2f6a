"""Ringing, as the verbs device, user, group and ring_group have it in common.

A *round* is every member once: all of them at once, or in turn. A *batch* is what rings at the same time. When ringing
came to nothing, the call goes on to where those who were rung have it forwarded for that (busy, no answer, out of
reach).
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, go_on, stop
from apps.pbx.callflows.sounds import sound_or_none
from apps.pbx.endpoints.auto_answer import AUTO_ANSWER, phones_among
from apps.pbx.endpoints.forwarding import Condition, chain_of, condition_of
from apps.pbx.endpoints.legs import CONFIRM_KEY, CONFIRM_SOUND, Asking, Household, Member
from apps.pbx.endpoints.queries import assemble, busy_among, expand_groups, music_of_groups
from apps.pbx.endpoints.turns import longest_idle_first, rotated, weighted_order
from apps.pbx.media.music import ACCOUNT_HOLD_MUSIC, HOLD_MUSIC
from apps.pbx.media.speech import Media, Prompt, sound
from apps.pbx.metaflows.consulting import take_back
from apps.pbx.metaflows.listening import bridge
from apps.pbx.recordings.applying import wanted_when_answered
from apps.pbx.recordings.calling import when_connected
from apps.pbx.recordings.wanting import Wanted
from apps.switching.calls.dial_string import Leg, UnsafeValue
from apps.switching.calls.port import BridgeRequest, BridgeResult, Call

logger = logging.getLogger(__name__)
Strategy = Literal["simultaneous", "single", "weighted_random", "round_robin", "most_idle", "rollover"]
#: Those that ring a user's phones together when it is his turn. The others, as in KAZOO, take phone after phone.
BY_MEMBER: frozenset[Strategy] = frozenset({"round_robin", "most_idle", "rollover"})
STRATEGIES = (
    "All at once; `single` in turn; `weighted_random` in turn by chance; `round_robin` in turn, beginning after "
    "whoever began last; `most_idle` in turn, whoever had no call for longest first; `rollover` in turn from "
    "the first who has no call."
)
#: Nobody could be rung: 480 Temporarily Unavailable where the flow has no other child.
NOBODY = "SUBSCRIBER_ABSENT"
_MEDIA_ID = re.compile(r"[0-9a-f]{32}")
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
    skip_busy: bool = False
    can_call_self: bool = False
    suppress_caller_id: bool = False
    static_invite: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    ringtones: Mapping[str, str] = field(default_factory=dict)
    #: The phones are to answer by themselves. Nobody is rung then whose calls are forwarded.
    answers_itself: bool = False

    #: What whoever answers hears before he presses 1 for the call; the keys of `refusing_keys` turn it down.
    confirm_with: str = ""
    refusing_keys: str = ""

    @property
    def keeps_order(self) -> bool:
        """Whether the members have their turns as they are named, with groups as they are."""
        return self.strategy in ("simultaneous", "single")

    @property
    def passes_over_busy(self) -> bool:
        return self.skip_busy or self.strategy == "rollover"


@dataclass(frozen=True, slots=True)
class Round:
    """`later` is where the call goes on to by what came of it; `cause` says why `batches` is empty. `recorded` is how
    the conversation is recorded, by the device that answers; `music` what the caller hears on hold with somebody who
    has no music of his own, from the group that was rung."""

    batches: tuple[tuple[Leg, ...], ...]
    skipped: tuple[str, ...]
    later: Mapping[Condition, tuple[Leg, ...]]
    cause: str
    recorded: Mapping[str, Wanted] = field(default_factory=dict)
    music: str = ""


async def ring(call: Call, wanted: Ring) -> Branch:
    """Ring them; stop when somebody answered, else go on at the child for the cause."""
    members = wanted.members
    if not wanted.keeps_order:
        members = await in_account(call.account_id, in_order, wanted, call.interaction_id)
    result, round_ = BridgeResult(answered=False, cause=NOBODY), Round((), (), {}, "")
    for turn in range(max(1, wanted.repeats)):
        round_ = await in_account(call.account_id, plan, members, wanted, _asking(call, wanted))
        if round_.skipped and turn == 0:
            logger.info("call %s: not rung: %s", call.uuid, "; ".join(round_.skipped[:20]))
        if not round_.batches:
            result = BridgeResult(answered=False, cause=round_.cause or NOBODY)
            break
        result = await _one_round(call, wanted, round_)
        if result.answered:
            return stop(why="answered")
        if result.key:
            return go_on(f"key:{result.key}", cause=result.cause, why=f"turned down by {result.key}")
        if wanted.fail_on_single_reject and result.cause == "CALL_REJECTED":
            break
    branch = await _forwarded(call, wanted, round_, result)
    if not branch.stops:
        # Who asks before he transfers is not sent on to a mailbox.
        await take_back(call)
    return branch


async def _one_round(call: Call, wanted: Ring, round_: Round) -> BridgeResult:
    result = BridgeResult(answered=False, cause=NOBODY)
    in_turn = len(round_.batches) > 1
    for position, batch in enumerate(round_.batches):
        if position and wanted.passes_over_busy:
            batch = await in_account(call.account_id, without_busy, batch, call.interaction_id)
            if not batch:
                continue
        legs = [_at_once(leg) for leg in batch] if in_turn else list(batch)
        result = await bridge(call, await _request(call, wanted, legs, round_))
        logger.info("call %s: %d rung, %s", call.uuid, len(batch), result.cause)
        if result.answered or result.key or (wanted.fail_on_single_reject and result.cause == "CALL_REJECTED"):
            break
    return result


async def _forwarded(call: Call, wanted: Ring, round_: Round, result: BridgeResult) -> Branch:
    """On to where they have the call forwarded for what came of ringing, if anywhere."""
    condition = condition_of(result.cause)
    legs = round_.later.get(condition, ()) if condition is not None else ()
    if not legs:
        return after_failure(result)
    logger.info("call %s: %s, forwarded", call.uuid, condition)
    further = await bridge(call, await _request(call, wanted, legs, round_))
    if further.answered:
        return stop(why=f"answered where it is forwarded to: {condition}")
    branch = after_failure(further)
    return replace(branch, keys=(*branch.keys, *after_failure(result).keys))


def after_failure(result: BridgeResult) -> Branch:
    """Go on at the child named by the hangup cause, else by the SIP status, else `_`."""
    keys = [result.cause] + ([f"sip:{result.sip_code}"] if result.sip_code else [])
    return go_on(*keys, cause=result.cause, why=f"not answered: {result.cause}")


def in_order(wanted: Ring, interaction_id: str = "") -> tuple[Member, ...]:
    """The members in the order in which they have their turn. Groups stay closed where everybody rings at once."""
    if wanted.keeps_order:
        return wanted.members
    members = expand_groups(wanted.members)
    if wanted.strategy == "weighted_random":
        members = weighted_order(members)
    elif wanted.strategy == "round_robin":
        members = rotated(members)
    elif wanted.strategy == "most_idle":
        members = longest_idle_first(members, interaction_id)
    return tuple(members)


def plan(members: Sequence[Member], wanted: Ring, asking: Asking) -> Round:
    """What rings in a round, in a fixed number of queries."""
    household, flat = assemble(members, asking)
    batches: list[tuple[Leg, ...]] = []
    for member in flat:
        before = len(household.legs)
        household.ring(member, asking)
        if wanted.answers_itself:
            household.legs[before:] = phones_among(household.legs[before:])
            household.later.clear()
        batches.append(tuple(household.legs[before:]))
    return Round(
        batches=tuple(batch for batch in _batches(wanted.strategy, household, batches) if batch),
        skipped=tuple(household.skipped),
        later={condition: tuple(legs) for condition, legs in household.later.items()},
        cause=household.cause,
        recorded=wanted_when_answered(household, asking.call_kind),
        music=music_of_groups(wanted.members),
    )


def _batches(strategy: Strategy, household: Household, by_member: list[tuple[Leg, ...]]) -> list[tuple[Leg, ...]]:
    if strategy == "simultaneous":
        return [tuple(household.legs)]
    return by_member if strategy in BY_MEMBER else [(leg,) for leg in household.legs]


def without_busy(legs: Sequence[Leg], interaction_id: str) -> tuple[Leg, ...]:
    """Those of the legs whose device or user has no call now: a turn may come minutes after the round was planned."""
    whose = {leg.variables[name] for leg in legs for name in ("authorizing_id", "owner_id")} - {""}
    busy = busy_among(whose, interaction_id)
    return tuple(leg for leg in legs if not busy & {leg.variables["authorizing_id"], leg.variables["owner_id"]})


def _asking(call: Call, wanted: Ring) -> Asking:
    return Asking(
        authorizing_id=call.authorizing_id,
        owner_id=call.owner_id,
        call_kind=call.call_kind,
        dialled=call.destination,
        caller_id=call.caller_id,
        interaction_id=call.interaction_id,
        direct=wanted.direct,
        can_call_self=wanted.can_call_self,
        skip_busy=wanted.passes_over_busy,
        suppress_caller_id=wanted.suppress_caller_id,
        hidden=call.variables.get("caller_privacy", ""),
        static_invite=wanted.static_invite,
        headers=_headers(call, wanted),
        forwarded_by=chain_of(call.variables.get("forward_chain", "")),
    )


async def _request(call: Call, wanted: Ring, legs: Sequence[Leg], round_: Round) -> BridgeRequest:
    variables = {"interaction_id": call.interaction_id}
    if music := round_.music or call.variables.get(ACCOUNT_HOLD_MUSIC):
        variables[HOLD_MUSIC] = music
    if wanted.ignore_redirects:
        variables["outbound_redirect_fatal"] = "true"
    return BridgeRequest(
        legs=_confirmed(wanted, await _with_prompts(call, legs)),
        timeout=wanted.timeout or 20,
        ringback=await ringback_of(call, wanted.ringback),
        # The switch asks this of all legs of a bridge together; it takes what a leg plays for an answer otherwise.
        ignore_early_media=len(legs) > 1 or any(leg.variables.get("ignore_early_media") == "true" for leg in legs),
        fail_on_single_reject=wanted.fail_on_single_reject,
        variables=variables,
        on_connected=when_connected(call, round_.recorded),
        refusing_keys=wanted.refusing_keys,
    )


def _confirmed(wanted: Ring, legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    if not wanted.confirm_with:
        return legs
    asking = {"group_confirm_key": CONFIRM_KEY, "group_confirm_file": wanted.confirm_with}
    return tuple(
        replace(leg, variables={**leg.variables, **asking, "origination_uuid": str(uuid.uuid4())}) for leg in legs
    )


async def ringback_of(call: Call, wanted: str) -> str:
    """What the caller hears meanwhile: a tone, an http(s) URL or the id of a sound; empty for the usual."""
    if _MEDIA_ID.fullmatch(wanted):
        return await sound(call, Media(wanted))
    return sound_or_none(wanted)


async def _with_prompts(call: Call, legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """Ask whoever must press a key in words, where the words can be said."""
    if not any(leg.variables.get("group_confirm_file") == CONFIRM_SOUND for leg in legs):
        return tuple(legs)
    asked = await sound(call, Prompt("cf-confirm_call"))
    return tuple(_asked_with(leg, asked) for leg in legs)


def _asked_with(leg: Leg, media: str) -> Leg:
    if leg.variables.get("group_confirm_file") != CONFIRM_SOUND:
        return leg
    asking = replace(leg, variables={**leg.variables, "group_confirm_file": media})
    try:
        str(asking)
    except UnsafeValue:
        return leg
    return asking


def _at_once(leg: Leg) -> Leg:
    """In turn, a delay would only be silence."""
    return replace(leg, delay=0)


def _headers(call: Call, wanted: Ring) -> dict[str, str]:
    headers = {f"sip_h_{name}": value for name, value in wanted.headers.items()}
    if wanted.answers_itself:
        return {**headers, **AUTO_ANSWER}
    tone = wanted.ringtones.get("internal" if call.call_kind == "internal" else "external")
    return headers | ({"alert_info": tone} if tone else {})
