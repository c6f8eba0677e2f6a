"""Reaching into another call, as the verbs group_pickup, intercept, eavesdrop and call_pickup do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from apps.foundation.accounts.bridge import in_account
from apps.foundation.audit.actions import record
from apps.pbx.callflows.registry import Branch, go_on
from apps.pbx.endpoints.actions import by_phone
from apps.pbx.endpoints.legs import Member
from apps.pbx.media.speech import Prompt, sound
from apps.pbx.pickup import queries
from apps.pbx.pickup.documents import ApprovedData
from apps.pbx.pickup.queries import Caller, WithoutApproval
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import Call, Listening

Members = Callable[[], Sequence[Member]]
CHILDREN = {"_": "there was no call, or the caller may not have it"}


async def pick_up(call: Call, members: Members, approved: ApprovedData) -> Branch:
    """Answer a call that makes one of `members` ring. The caller is gone to it where that works."""

    def find() -> list[str] | None:
        wanted = _wanted(call, members, approved, "related")
        return None if wanted is None else queries.ringing_legs(wanted, besides=call.interaction_id)

    return await _take(call, await in_account(call.account_id, find), "pickup-no_channels")


async def take_over(call: Call, members: Members, approved: ApprovedData) -> Branch:
    """Take over a conversation one of `members` has: he is dropped, the other party is the caller's."""

    def find() -> list[str] | None:
        wanted = _wanted(call, members, approved, "related")
        if wanted is None:
            return None
        return [leg.other_leg for leg in queries.talking_legs(wanted, besides=call.interaction_id)]

    return await _take(call, await in_account(call.account_id, find), "intercept-no_channels")


async def listen_in(call: Call, members: Members, approved: ApprovedData, mode: Listening) -> Branch:
    """Listen to a conversation one of `members` has; noted in the audit trail."""

    def find() -> LiveChannel | None:
        wanted = _wanted(call, members, approved, "nobody")
        legs = queries.talking_legs(wanted, besides=call.interaction_id) if wanted is not None else []
        if wanted is None or not legs:
            found.append("unauthorized" if wanted is None else "no_channels")
            return None
        record(
            by_phone(call.owner_id),
            f"call.{_DONE[mode]}",
            "channel",
            legs[0].uuid,
            {},
            {"device_id": call.authorizing_id, "listened_to": legs[0].owner_id or legs[0].authorizing_id},
        )
        return legs[0]

    found: list[str] = []
    leg = await in_account(call.account_id, find)
    if leg is None:
        return await _refuse(call, f"eavesdrop-{found[0]}", found[0])
    await call.eavesdrop(leg.uuid, mode)
    return go_on(why=f"listened to {leg.uuid}")


_DONE: dict[Listening, str] = {"listen": "listened_to", "whisper": "whispered_into", "barge": "barged_into"}


def _wanted(call: Call, members: Members, approved: ApprovedData, otherwise: WithoutApproval) -> frozenset[str] | None:
    """The parties whose calls are meant; None where the caller may not reach them."""
    wanted = queries.parties(members())
    caller = Caller(call.authorizing_id if call.call_kind == "internal" else "", call.owner_id)
    return wanted if queries.may_reach(caller, wanted, approved, otherwise) else None


async def _take(call: Call, found: list[str] | None, nothing: str) -> Branch:
    if found is None:
        return await _refuse(call, "intercept-unauthorized", "the caller may not")
    for uuid in found:
        # Where it works, this raises: the call is no longer ours.
        await call.intercept(uuid)
    return await _refuse(call, nothing, "there is no call to take")


async def _refuse(call: Call, prompt: str, why: str) -> Branch:
    await call.answer()
    await call.play(await sound(call, Prompt(prompt)))
    return go_on(why=why)
