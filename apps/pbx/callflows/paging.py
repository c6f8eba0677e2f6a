"""Announcements: phones answer by themselves into a conference that ends with who announces."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Literal

from apps.foundation.kit.ids import new_id
from apps.pbx.callflows.registry import Branch, go_on, stop
from apps.pbx.callflows.ringing import NOBODY
from apps.switching.calls.commands import in_background
from apps.switching.calls.conference_commands import call_into, kick, list_conference
from apps.switching.calls.dial_string import Leg, UnsafeValue, display_text
from apps.switching.calls.port import Call, ConferenceRequest, SwitchRefused
from apps.switching.rooms.facts import PAGE
from apps.switching.rooms.queries import room_name

logger = logging.getLogger(__name__)
Audio = Literal["one-way", "two-way"]
#: What who announces hears: he may speak.
_BEEP = "tone_stream://%(250,0,880)"
#: Seconds the caller's own conference may take to begin, and between looks at it.
_BEGINS_WITHIN, _LOOK_EVERY = 5.0, 0.05
#: Seconds for a phone's answer to arrive that came in the last moment.
_GRACE = 1.0


async def page(call: Call, legs: Sequence[Leg], audio: Audio, timeout: int) -> Branch:
    """Have the phones answer, and let the caller speak to them until he hangs up."""
    if not legs:
        return go_on(NOBODY, cause=NOBODY, why="no phone to speak to")
    announcement = Announcement(call, legs, audio, timeout)
    calling = asyncio.create_task(announcement.call_phones())
    try:
        await call.conference(announcement.own_request())
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    if announcement.unheard:
        return go_on("NO_ANSWER", cause="NO_ANSWER", why="no phone answered")
    return stop(why="announced")


class Announcement:
    """`unheard` once it is known that no phone has answered."""

    def __init__(self, call: Call, legs: Sequence[Leg], audio: Audio, timeout: int) -> None:
        self._call, self._legs, self._audio, self._timeout = call, legs, audio, max(1, timeout)
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
            for leg in self._legs:
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
            command = call_into(self.name, [leg], self._variables(), profile="page", flags=flags)
            await self._call.tell_switch(in_background(command))
        except (UnsafeValue, SwitchRefused) as refused:
            logger.warning("call %s: a phone cannot be spoken to: %s", self._call.uuid, refused)

    def _variables(self) -> dict[str, str]:
        call = self._call
        return {
            "account_id": call.account_id,
            "interaction_id": call.interaction_id,
            "origination_caller_id_name": display_text(call.caller_id.name or call.caller_id.number),
            "origination_caller_id_number": display_text(call.caller_id.number),
            "originate_timeout": str(self._timeout),
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
