"""Leaving a message."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.progress import read_progress
from apps.pbx.callflows.queries import find_flow
from apps.pbx.callflows.registry import Branch, go_on, jump
from apps.pbx.media.speech import Digits, Media, Part
from apps.pbx.voicemail import leaving
from apps.pbx.voicemail.full import tell_once
from apps.pbx.voicemail.phone.check import check_box
from apps.pbx.voicemail.phone.talking import BEEP, TRIES, Session, choose, say, say_until_key
from apps.pbx.voicemail.queries import Mailbox, is_full
from apps.switching.calls.port import ALL_KEYS, Call, Recorded, RecordRequest

logger = logging.getLogger(__name__)
#: Seconds of silence that end a message.
SILENCE = 10


@dataclass
class Composing(Session):
    """`longest` is the most seconds of a message."""

    longest: int = 500

    async def run(self) -> Branch:
        call, settings = self.call, self.box.settings
        await call.answer()
        pressed = "" if settings.skip_greeting else await self._greet()
        if settings.announcement_only:
            return await self._special(pressed) or go_on(why="announcements only")
        if await in_account(call.account_id, is_full, self.box):
            await say(call, "vm-mailbox_full")
            await in_account(call.account_id, tell_once, self.box.id)
            return go_on(why="the mailbox is full")
        if not pressed and not settings.skip_instructions:
            pressed = await say_until_key(call, "vm-record_message")
        return await self._special(pressed) or await self._leave()

    async def _special(self, pressed: str) -> Branch | None:
        """Where a key leads that was pressed instead of waiting for the tone; None: just skip the words."""
        if pressed and pressed == self.keys.login:
            return await check_box(self.call, self.box, always_ask=True, interdigit=self.interdigit)
        if pressed and pressed == self.keys.operator:
            return await self._operator()
        if pressed and pressed == self.keys.continue_:
            return go_on(why="wants no mailbox")
        return None

    async def _greet(self) -> str:
        return await say_until_key(self.call, *self._greeting())

    def _greeting(self) -> list[Part | str]:
        media = self.box.settings.media
        progress = read_progress(self.call.variables)
        is_busy = progress is not None and progress.cause == "USER_BUSY"
        own = media.temporary_unavailable or (media.busy if is_busy else None) or media.unavailable
        if own:
            return [Media(own)]
        state = "vm-busy" if is_busy else "vm-not_available"
        if media.name:
            return [Media(media.name), state]
        return ["vm-person", Digits(self.box.mailbox), state]

    async def _operator(self) -> Branch | None:
        """Where the operator is; None where there is none."""
        number = self.box.settings.operator_number or "0"
        found = await in_account(self.call.account_id, find_flow, number)
        if found is not None and not found.is_no_match:
            await say(self.call, "vm-transferring_call")
            return jump(found.callflow.id, why=f"the operator is {number}")
        if self.box.settings.operator_number:
            await say(self.call, "vm-transferring_call")
            await self.call.transfer(number)
        return None

    async def _leave(self) -> Branch:
        draft = await leaving.begin(self.call, self.box.id)
        for _try in range(TRIES):
            await say(self.call, BEEP)
            recorded = await self._record(draft)
            if recorded.milliseconds < leaving.SHORTEST:
                await leaving.drop(self.call)
                await say(self.call, "vm-recording_to_short")
                continue
            after = await self._review(draft, recorded)
            if after is not None:
                return after
        return go_on(why="nothing was said")

    async def _record(self, draft: leaving.Draft) -> Recorded:
        await leaving.recording(self.call, draft)
        return await self.call.record(RecordRequest(draft.file, limit=self.longest, silence_seconds=SILENCE))

    async def _review(self, draft: leaving.Draft, recorded: Recorded) -> Branch | None:
        """Let the caller decide; None where it is to be recorded again. Silence keeps it."""
        urgent, silent, keys = False, 0, self.keys
        while silent < TRIES:
            await leaving.recorded(self.call, recorded.milliseconds, urgent=urgent)
            pressed = await choose(self.call, "vm-review_recording", "vm-review_urgent")
            if not pressed:
                silent += 1
            elif pressed == keys.save:
                break
            elif pressed == keys.listen:
                await self.call.play(recorded.path, ALL_KEYS)
            elif pressed == keys.record:
                return None
            elif pressed == keys.urgent:
                urgent = not urgent
                await say(self.call, "vm-urgent_on" if urgent else "vm-urgent_off")
            elif pressed == keys.operator:
                await leaving.keep(self.call, draft, recorded.milliseconds, urgent=urgent)
                return await self._operator() or go_on(why="left a message")
            else:
                silent += 1
                await say(self.call, "menu-invalid_entry")
        await leaving.keep(self.call, draft, recorded.milliseconds, urgent=urgent)
        await say(self.call, "vm-message_sent")
        return go_on(why="left a message")


async def compose(call: Call, box: Mailbox, *, longest: int, interdigit: int) -> Branch:
    """Play the greeting and take a message; the owner hears the messages instead."""
    if box.settings.check_if_owner and box.is_owned_by(call.owner_id):
        return await check_box(call, box, interdigit=interdigit)
    return await Composing(call, box, interdigit, longest).run()
