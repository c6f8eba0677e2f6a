"""Attended transfer and hold, by keys or the API: who transfers (he *asks*) talks to a third, who *holds* to nobody,
and the other party *waits*.

    asks   a leg that dials the third anew, as any call of its phone. Hanging up connects the two others; its keys
           bring the one who waits back, or all three together.
    holds  a leg that hears music or nothing until its key is pressed, and then has the one who waits again.
    waits  hears music until somebody takes him, and knows whom to dial where nobody is left who would.
    comes  the leg that answered. Left alone by who asked, it is sent here, and takes the one who waits.

What a leg is stands in a variable of its channel, with the id of the other one it has to do with, so that any call
server can go on with it, and a switch that is left alone still connects the right two.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from apps.pbx.media.music import music
from apps.switching.calls import commands
from apps.switching.calls.dial_string import UnsafeValue
from apps.switching.calls.port import (
    BridgeRequest,
    BridgeResult,
    Call,
    CallerId,
    CallerLeft,
    Side,
    SwitchRefused,
)

logger = logging.getLogger(__name__)
Role = Literal["asks", "holds", "waits", "comes"]
#: What the legs dial; a phone that dials it has no role, and is refused.
NUMBER = "attended-transfer"
#: The channel variable with a leg's role and the other leg's id.
ROLE = "attended_transfer"
#: Channel variables: of both, the number that is asked; of who waits, the third's leg and his music; of who asks, how
#: long the third may take, the keys that take back and those that bring all together, and who is shown as calling.
ASKED, THIRD, HEARS = "attended_number", "attended_third", "attended_music"
SECONDS, TAKE_BACK, MEET = "attended_seconds", "attended_take_back", "attended_meet"
SHOWN_NAME, SHOWN_NUMBER = "attended_name", "attended_caller"
#: The channel variable of who holds with the key that takes the call back; `HEARS` is empty for silence then.
UNHOLD_KEY = "unhold_key"
#: What a leg is sent to when all are to talk together.
MEETING_NUMBER, MEETING = "meet", "meets_in"
DEFAULT_TAKE_BACK, DEFAULT_MEET = "*1", "*3"
#: How often it is looked whether anybody is left for who waits.
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """A leg's role, and the leg it has to do with."""

    role: Role
    other: str

    def __str__(self) -> str:
        return f"{self.role} {self.other}"


def part_of(call: Call) -> Part | None:
    """None for a call as any other."""
    role, _, other = call.variables.get(ROLE, "").partition(" ")
    if other and role in ("asks", "holds", "waits", "comes"):
        return Part(role, other)  # type: ignore[arg-type]
    return None


async def arrived(call: Call) -> None:
    """A leg that dialled `NUMBER` plays its part. Ends with `CallerLeft`, or the leg is hung up."""
    part = part_of(call)
    if part is None:
        await call.respond(404, "Not Found")
    elif part.role == "asks":
        shown = CallerId(call.variables.get(SHOWN_NAME, ""), call.variables.get(SHOWN_NUMBER, ""))
        if shown.number:
            await call.set_caller_id(shown)
        await call.transfer(call.variables.get(ASKED, ""))
    elif part.role == "holds":
        await _hold(call, part)
    elif part.role == "waits":
        await _wait(call, part)
    else:
        await _take(call, part.other)
        await call.hang_up()


async def take_back(call: Call) -> None:
    """Who asks has the one who waits again: `CallerLeft` then. Returns where there is nobody (any more)."""
    part = part_of(call)
    if part is not None and part.role == "asks":
        await call.remember({ROLE: ""})
        await _take(call, part.other)


async def ask(call: Call, request: BridgeRequest, part: Part) -> BridgeResult:
    """Ring the third for who asks."""
    keys = _Keys(call, part)

    async def connected(other_leg: str) -> None:
        keys.third = other_leg
        with suppress(SwitchRefused):
            await call.tell_switch(commands.set_variable(part.other, THIRD, other_leg))
        if request.on_connected is not None:
            await request.on_connected(other_leg)

    variables = call.variables
    seconds = int(variables.get(SECONDS) or 0)
    alone = {"transfer_after_bridge": f"{NUMBER}:XML:{commands.INTERNAL}", ROLE: str(Part("comes", part.other))}
    result = await call.bridge(
        replace(
            request,
            timeout=min(request.timeout, seconds) if seconds else request.timeout,
            variables={**request.variables, **alone},
            on_connected=connected,
            on_digit=keys.hear,
            cancelling_keys=variables.get(TAKE_BACK, ""),
        )
    )
    if result.key:
        await take_back(call)
    return result


@dataclass
class _Keys:
    """Listens for the keys that bring all three together."""

    call: Call
    part: Part
    third: str = ""
    pressed: str = ""

    async def hear(self, digit: str, side: Side) -> None:
        wanted = self.call.variables.get(MEET, "")
        if side != "caller" or not wanted or not self.third:
            return
        self.pressed = (self.pressed + digit)[-len(wanted) :]
        if self.pressed != wanted:
            return
        # Who asks is the last to go: we are heard of no more once he has gone.
        for uuid, both in ((self.part.other, False), (self.call.uuid, True)):
            for one in (uuid, self.third) if both else (uuid,):
                await self.call.tell_switch(commands.set_variable(one, MEETING, self.call.uuid))
            await self.call.tell_switch(commands.transfer(uuid, MEETING_NUMBER, both=both))


async def _wait(call: Call, part: Part) -> None:
    """Music, until somebody takes this leg; where nobody is left who would, it dials the third itself."""
    heard = call.variables.get(HEARS, "") or await music(call)
    await _first(call.wait(None, heard), _until_alone(call, part.other))
    logger.info("call %s: nobody is left to take it back", call.uuid)
    await call.remember({ROLE: ""})
    if asked := call.variables.get(ASKED, ""):
        await call.transfer(asked)
    await call.hang_up()


async def _hold(call: Call, part: Part) -> None:
    """Until the key is pressed; nothing is left to hold for where the other party is gone."""
    key = call.variables.get(UNHOLD_KEY, "") or "1"
    await _first(call.wait(None, call.variables.get(HEARS, ""), key), _until_gone(call, part.other))
    await call.remember({ROLE: "", UNHOLD_KEY: ""})
    await _take(call, part.other)
    await call.hang_up()


async def _first(waiting: Coroutine[Any, Any, str], looking: Coroutine[Any, Any, None]) -> None:
    """Until one of the two ends; what waiting raises is raised."""
    tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(waiting), asyncio.ensure_future(looking)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_gone(call: Call, waiting: str) -> None:
    while await _exists(call, waiting):
        await asyncio.sleep(LOOK_SECONDS)


async def _until_alone(call: Call, asking: str) -> None:
    """Who asks is gone, and so is the third, if there ever was one: twice, for the third is on its way between."""
    missed = 0
    while missed < 2:
        await asyncio.sleep(LOOK_SECONDS)
        third = (await call.tell_switch(commands.get_variable(call.uuid, THIRD))).strip()
        alive = await _exists(call, asking) or (third not in ("", "_undef_") and await _exists(call, third))
        missed = 0 if alive else missed + 1


async def _exists(call: Call, uuid: str) -> bool:
    try:
        return (await call.tell_switch(commands.exists(uuid))).strip() == "true"
    except UnsafeValue:
        return False


async def _take(call: Call, waiting: str) -> None:
    """Talk to who waits, with keys that mean what they do; `CallerLeft` when that is over. Returns where he is gone."""
    from apps.pbx.metaflows.listening import overhear

    try:
        await call.intercept(waiting)
    except CallerLeft:
        await overhear(call, waiting)
        raise
    except UnsafeValue:
        logger.info("call %s: %r is no leg", call.uuid, waiting[:80])
