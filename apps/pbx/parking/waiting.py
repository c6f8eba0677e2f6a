"""A call's time in a parking slot: music, ringing whoever parked it, and being taken back."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import replace

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.ending import at_end
from apps.pbx.callflows.registry import Branch, go_on, stop
from apps.pbx.endpoints.legs import Asking, Member
from apps.pbx.endpoints.queries import resolve
from apps.pbx.media.music import music
from apps.pbx.media.speech import Digits, Prompt, sound
from apps.pbx.parking import actions, queries
from apps.pbx.parking.actions import DUTY, Parked, Parking
from apps.pbx.parking.documents import ParkData
from apps.switching.calls import commands
from apps.switching.calls.dial_string import Leg
from apps.switching.calls.port import BridgeRequest, Call, CallerHungUp, CallerId, CallerLeft, SwitchRefused

logger = logging.getLogger(__name__)
#: Channel variables of the switch: whom the call talked to last, and that it was sent on since.
TALKED_TO, WAS_TRANSFERRED = "last_bridge_to", "transfer_source"
#: How long the call record of a leg that has just ended may take. Seconds.
RECORD_SECONDS, LOOK_SECONDS = 3.0, 0.15
ATTENDED = "ATTENDED_TRANSFER"
SHORTEST_RING = 5
#: Nobody is left waiting longer.
LONGEST_SECONDS = 4 * 3600


def was_sent(call: Call) -> bool:
    """Whether somebody sent the call here to be parked, rather than the caller dialling the slot."""
    return bool(call.variables.get(TALKED_TO) and call.variables.get(WAS_TRANSFERRED))


async def parker_of(call: Call) -> str:
    """The device that sent the call here, empty where that is not known. What a phone says of itself (Referred-By) is
    not asked: it is the leg the call talked to, as that was let in."""
    leg = call.variables.get(TALKED_TO, "") if was_sent(call) else ""
    ends = time.monotonic() + RECORD_SECONDS
    while leg:
        found = await in_account(call.account_id, queries.device_of_leg, leg)
        if found is not None:
            return found
        if time.monotonic() >= ends:
            logger.info("call %s: nothing is known of %s, which sent it here", call.uuid, leg)
            break
        await asyncio.sleep(LOOK_SECONDS)
    return ""


async def take_back(call: Call, slot: str) -> Branch:
    """Connect the caller with the call in the slot. Raises `CallerLeft` where that works."""
    slot = slot or await in_account(call.account_id, queries.longest_waiting)
    occupant = await in_account(call.account_id, _occupant, slot) if slot else ""
    if occupant:
        await call.intercept(occupant)
        await in_account(call.account_id, actions.leave, occupant, "PARK_ABANDONED")
    return await say(
        call, "park-caller_hungup" if occupant else "park-no_caller", f"nobody waits in {slot or 'any slot'}"
    )


async def park(call: Call, data: ParkData, slot: str, *, or_take_back: bool = False) -> Branch:
    """Park the call in `slot`, or the next free one where it is empty, until somebody takes it back.

    With `or_take_back` a caller who dialled an occupied slot gets the call that waits there.
    """
    # A phone that has just dialled is not answered: whoever is was transferred, or came through a menu.
    dialled_himself = not was_sent(call) and not call.is_answered and call.call_kind == "internal"
    parking = Parking(
        call_id=call.uuid,
        switch=call.switch,
        caller_id_name=call.caller_id.name,
        caller_id_number=call.caller_id.number,
        authorizing_id=call.authorizing_id if dialled_himself else "",
        dialled=call.destination,
        was_sent=was_sent(call),
        parker_id=await parker_of(call),
    )
    if (
        or_take_back
        and not was_sent(call)
        and await in_account(call.account_id, _occupant, slot) not in ("", call.uuid)
    ):
        return await take_back(call, slot)
    await at_end(call, DUTY)
    parked = await in_account(call.account_id, actions.park, parking, data, slot)
    if parked.outcome == "exceeded":
        return go_on("MAX_SLOT_EXCEEDED", why=f"there is no slot {parked.slot}")
    if parked.outcome != "parked":
        return await _no_room(call, data, parked)
    logger.info("call %s: in slot %s, parked by %s", call.uuid, parked.slot, parked.parker_id or "nobody known")
    try:
        await call.answer()
        if parked.asks:
            return await _asking(call, data, parked)
        return await _waiting(call, data, parked)
    except CallerLeft:
        await in_account(call.account_id, actions.leave, call.uuid, "PARK_RETRIEVED")
        raise
    except CallerHungUp as gone:
        if gone.cause == ATTENDED:
            await in_account(call.account_id, actions.hand_over, call.uuid)
        await in_account(call.account_id, actions.leave, call.uuid, "PARK_ABANDONED")
        raise


async def say(call: Call, prompt: str, why: str) -> Branch:
    await call.answer()
    await call.play(await sound(call, Prompt(prompt)))
    return go_on(why=why)


async def _asking(call: Call, data: ParkData, parked: Parked) -> Branch:
    """The phone hears the slot's number, and transfers its caller here."""
    await call.play(await sound(call, Prompt("park-call_placed_in_spot"), Digits(parked.slot)))
    await call.wait(data.ringback_seconds(parked.slot), await music(call))
    await in_account(call.account_id, actions.leave, call.uuid, "PARK_ABANDONED")
    return go_on(why=f"nobody was transferred to slot {parked.slot}")


async def _waiting(call: Call, data: ParkData, parked: Parked) -> Branch:
    played, seconds = await music(call), data.ringback_seconds(parked.slot)
    for _round in range(math.ceil(LONGEST_SECONDS / (seconds + data.callback_seconds(parked.slot)))):
        await call.wait(seconds, played)
        if await _ring_parker(call, data, parked):
            return stop(why="whoever parked the call has it again")
        if parked.slot in data.child_keys:
            await in_account(call.account_id, actions.leave, call.uuid, "PARK_ABANDONED")
            return go_on(parked.slot, why=f"nobody took the call in slot {parked.slot}")
    await in_account(call.account_id, actions.leave, call.uuid, "PARK_ABANDONED")
    return go_on(why=f"the call waited in slot {parked.slot} for hours")


async def _no_room(call: Call, data: ParkData, parked: Parked) -> Branch:
    """Whoever wanted to park the call gets it back at once."""
    if parked.outcome == "occupied" and not parked.asks and await _ring_parker(call, data, parked):
        return stop(why=f"slot {parked.slot} is taken: whoever wanted to park the call has it again")
    prompt = "park-full" if parked.outcome == "full" else "park-already_in_use"
    return await say(call, prompt, f"slot {parked.slot} is taken" if parked.slot else "every slot is taken")


async def _ring_parker(call: Call, data: ParkData, parked: Parked) -> bool:
    """Ring whoever parked the call; True where he answered, when they have talked."""
    legs = await in_account(call.account_id, _legs, call.caller_id, parked.parker_id, call.interaction_id)
    if not legs:
        return False
    seconds = max(SHORTEST_RING, data.callback_seconds(parked.slot))
    announcement = await sound(call, Prompt("park-ringback"))

    async def connected(other_leg: str) -> None:
        await in_account(call.account_id, actions.leave, call.uuid, "PARK_RETRIEVED")
        try:
            await call.tell_switch(commands.broadcast(other_leg, announcement))
        except SwitchRefused:
            logger.info("call %s: the parker hears no announcement", call.uuid)

    result = await call.bridge(
        BridgeRequest(
            legs=tuple(replace(leg, delay=0) for leg in legs),
            timeout=seconds,
            ringback=await music(call),
            ignore_early_media=True,
            caller_id=call.caller_id,
            variables={"interaction_id": call.interaction_id},
            on_connected=connected,
        )
    )
    logger.info("call %s: the parker %s was rung: %s", call.uuid, parked.parker_id, result.cause)
    return result.answered


def _legs(caller_id: CallerId, parker_id: str, interaction_id: str) -> tuple[Leg, ...]:
    if not parker_id:
        return ()
    asking = Asking(caller_id=caller_id, interaction_id=interaction_id, can_call_self=True)
    return resolve([Member(parker_id, "device")], asking).legs


def _occupant(slot: str) -> str:
    found = queries.waiting().filter(slot=slot).values_list("call_id", flat=True).first()
    return found or ""
