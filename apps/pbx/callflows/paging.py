"""Announcements: phones answer by themselves into a conference that ends with who announces."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from apps.foundation.kit.ids import new_id
from apps.pbx.callflows.registry import Branch, go_on, stop
from apps.pbx.callflows.ringing import NOBODY
from apps.switching.calls.commands import in_background
from apps.switching.calls.conference_commands import call_into, kick, list_conference
from apps.switching.calls.dial_string import Leg, UnsafeValue, display_text, shown_name
from apps.switching.calls.port import Call, ConferenceRequest, SwitchRefused
from apps.switching.rooms.facts import PAGE
from apps.switching.rooms.queries import room_name

logger = logging.getLogger(__name__)
Audio = Literal["one-way", "two-way"]
#: More phones than this are not called: each is a call of its own on the one node that carries the announcement.
MOST_PHONES = 1000
#: What who announces hears: he may speak.
_BEEP = "tone_stream://%(250,0,880)"
#: Seconds the caller's own conference may take to begin, and between looks at it.
_BEGINS_WITHIN, _LOOK_EVERY = 5.0, 0.05
#: Seconds for a phone's answer to arrive that came in the last moment.
_GRACE = 1.0


async def page(call: Call, legs: Sequence[Leg], audio: Audio, timeout: int) -> Branch:
    """Have the phones answer, and let the caller speak to them until he hangs up.

    `timeout` counts seconds for each phone from when it is called, which is after its delay; a leg may have a shorter
    one of its own. Of more than `MOST_PHONES` the first are spoken to, and the log says so.
    """
    if not legs:
        return go_on(NOBODY, cause=NOBODY, why="no phone to speak to")
    if len(legs) > MOST_PHONES:
        logger.warning(
            "call %s: %d phones are to be spoken to, the first %d of them are", call.uuid, len(legs), MOST_PHONES
        )
    announcement = Announcement(call, legs[:MOST_PHONES], audio, timeout)
    calling = asyncio.create_task(announcement.call_phones())
    try:
        await call.conference(announcement.own_request())
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    if announcement.unheard:
        return go_on("NO_ANSWER", cause="NO_ANSWER", why="no phone answered")
    return stop(why=f"announced to the first {MOST_PHONES} of {len(legs)}" if len(legs) > MOST_PHONES else "announced")


class Announcement:
    """`unheard` once it is known that no phone has answered."""

    def __init__(self, call: Call, legs: Sequence[Leg], audio: Audio, timeout: int) -> None:
        self._call, self._audio, self._timeout = call, audio, max(1, timeout)
        self._legs = sorted(legs, key=lambda leg: leg.delay)
        self.name = room_name(call.account_id, f"{PAGE}{new_id()}")
        self.unheard = False

    def own_request(self) -> ConferenceRequest:
        return ConferenceRequest(
            self.name, "page", ("endconf", "nomoh", "moderator"), variables={"conference_enter_sound": _BEEP}
        )

    async def call_phones(self) -> None:
        """Each phone by itself: of legs that ring together, the first that answers would be the only one.

        They only join what is going on, so that nobody is left in it whose answer came after the caller's hang-up.
        """
        try:
            if not await self._begins():
                return
            began = asyncio.get_running_loop().time()
            for leg in self._legs:
                await asyncio.sleep(max(0.0, began + leg.delay - asyncio.get_running_loop().time()))
                await self._call_phone(leg)
            await asyncio.sleep(self._timeout + _GRACE)
            if await self._size() <= 1:
                self.unheard = True
                await self._call.tell_switch(kick(self.name, "all"))
        except SwitchRefused as refused:
            logger.warning("call %s: announcement: %s", self._call.uuid, refused)

    async def _call_phone(self, leg: Leg) -> None:
        flags = ("join-only", "nomoh", *(("mute",) if self._audio == "one-way" else ()))
        try:
            variables = self._variables(min(leg.timeout or self._timeout, self._timeout))
            alone = replace(leg, delay=0, timeout=None)
            command = call_into(self.name, [alone], variables, profile="page", flags=flags)
            await self._call.tell_switch(in_background(command))
        except (UnsafeValue, SwitchRefused) as refused:
            logger.warning("call %s: a phone cannot be spoken to: %s", self._call.uuid, refused)

    def _variables(self, seconds: int) -> dict[str, str]:
        call = self._call
        return {
            "account_id": call.account_id,
            "interaction_id": call.interaction_id,
            "origination_caller_id_name": shown_name(call.caller_id.name or call.caller_id.number),
            "origination_caller_id_number": display_text(call.caller_id.number),
            "originate_timeout": str(seconds),
            "ignore_early_media": "true",
        }

    async def _begins(self) -> bool:
        deadline = asyncio.get_running_loop().time() + _BEGINS_WITHIN
        while asyncio.get_running_loop().time() < deadline:
            if await self._size():
                return True
            await asyncio.sleep(_LOOK_EVERY)
        return False

    async def _size(self) -> int:
        """How many are in it, the caller among them."""
        try:
            answer = await self._call.tell_switch(list_conference(self.name))
        except SwitchRefused:
            return 0
        rows = json.loads(answer) if answer.lstrip().startswith("[") else []
        return sum(int(row.get("member_count") or 0) for row in rows)
