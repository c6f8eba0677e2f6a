"""Hearing messages, and what is done with each."""

from __future__ import annotations

import time
from enum import Enum, auto

from apps.foundation.accounts.bridge import in_account
from apps.pbx.media.speech import DateTime, Number, Part, PhoneNumber
from apps.pbx.voicemail import phone_actions
from apps.pbx.voicemail.models import Folder
from apps.pbx.voicemail.phone.forwarding import forward
from apps.pbx.voicemail.phone.talking import MOST_KEYS, TRIES, Session, say_until_key
from apps.pbx.voicemail.queries import Heard, heard, ids_to_play
from apps.switching.calls.port import ALL_KEYS


class Step(Enum):
    """Where to go after a message."""

    NEXT = auto()
    PREVIOUS = auto()
    LEAVE = auto()


async def listen(session: Session, folder: str) -> None:
    """Play the messages of a folder, one after the other, until the listener goes back to the main menu."""
    oldest_first = session.box.settings.oldest_message_first
    account_id, box_id = session.call.account_id, session.box.id
    ids = await in_account(account_id, ids_to_play, box_id, folder, oldest_first=oldest_first)
    if not ids:
        await session.say("vm-no_messages" if folder == Folder.NEW else "vm-no_more_messages")
        return
    place = 0
    for _step in range(MOST_KEYS + 2 * len(ids)):
        message = await in_account(account_id, heard, box_id, ids[place])
        step = Step.NEXT if message is None else await Listening(session, message, folder).play(place + 1)
        if step is Step.LEAVE:
            return
        place = max(0, place - 1) if step is Step.PREVIOUS else place + 1
        if place >= len(ids):
            await session.say("vm-no_more_messages")
            return


class Listening:
    """One message and its menu. Nothing is lost by hanging up: what was not deleted stays where it is."""

    def __init__(self, session: Session, message: Heard, played: str) -> None:
        self.session, self.call, self.message, self.played = session, session.call, message, played
        self.folder = message.folder

    async def play(self, number: int) -> Step:
        """Play it, then do what is wanted."""
        pressed = await self._hear(number)
        silent = 0
        for _key in range(MOST_KEYS):
            if not pressed:
                pressed = await self.session.choose("vm-message_menu")
            if not pressed:
                silent += 1
                if silent >= TRIES:
                    return Step.LEAVE
                continue
            silent = 0
            wanted, pressed = pressed, ""
            step = await self._chosen(wanted)
            if step is not None:
                return step
            pressed = self._again
            self._again = ""
        return Step.LEAVE

    #: A key that was pressed while the message played again.
    _again = ""

    async def _chosen(self, pressed: str) -> Step | None:
        keys = self.session.keys
        if pressed == keys.keep:
            await self._put(Folder.SAVED, "vm-message_saved")
            return Step.NEXT
        if pressed == keys.delete:
            return await self._delete()
        if pressed == keys.return_main:
            await self._put(Folder.SAVED, "") if self.folder == Folder.NEW else None
            return Step.LEAVE
        if pressed in (keys.next, keys.prev):
            return Step.NEXT if pressed == keys.next else Step.PREVIOUS
        if pressed == keys.replay:
            self._again = await self._sound(0)
        elif pressed == keys.rewind and self.session.box.settings.is_voicemail_ff_rw_enabled:
            self._again = await self._sound(max(0, self.message.length - self._stride))
        elif pressed == keys.forward:
            await forward(self.session, self.message.id)
        elif pressed == keys.callback:
            await self._call_back()
        else:
            await self.session.say("menu-invalid_entry")
        return None

    async def _hear(self, number: int) -> str:
        """Its number, its sound, and when it came from whom; a key ends it and is returned."""
        first: list[Part | str] = ["vm-message_number", Number(number)]
        if self.message.urgent:
            first.append("vm-urgent")
        pressed = await say_until_key(self.call, *first) or await self._sound(0)
        if pressed or self.session.box.settings.skip_envelope:
            return pressed
        caller = self.message.caller_id_number
        who: Part | str = PhoneNumber(caller) if caller else "vm-unknown_caller"
        moment = DateTime(self.message.created, self.session.box.zone)
        return await say_until_key(self.call, "vm-received", moment, "vm-from", who)

    async def _sound(self, start: int) -> str:
        """Play from this millisecond on; the keys that go back and forward do so. Another key is returned."""
        keys, settings = self.session.keys, self.session.box.settings
        *before, last = self.message.sounds or ("",)
        if not start:
            for introduction in before:
                if pressed := await self.call.play(introduction, ALL_KEYS):
                    return pressed
        place = start
        for _key in range(MOST_KEYS if last else 0):
            begun = time.monotonic()
            pressed = await self.call.play(self._from(last, place), ALL_KEYS)
            place += round((time.monotonic() - begun) * 1000)
            if not settings.is_voicemail_ff_rw_enabled or pressed not in (keys.rewind, keys.fastforward):
                return pressed
            place = max(0, place + (self._stride if pressed == keys.fastforward else -self._stride))
            if place >= self.message.length:
                return ""
        return ""

    def _from(self, sound: str, milliseconds: int) -> str:
        """The switch begins at a sample (switch_ivr_play_file: `file@@samples`)."""
        return f"{sound}@@{milliseconds * self.message.rate // 1000}" if milliseconds else sound

    @property
    def _stride(self) -> int:
        return self.session.box.settings.seek_duration_ms

    async def _put(self, folder: str, prompt: str) -> None:
        session = self.session
        await in_account(
            self.call.account_id, phone_actions.put, session.box.id, self.message.id, folder, session.principal
        )
        self.folder = folder
        if prompt:
            await session.say(prompt)

    async def _delete(self) -> Step | None:
        if self.folder == Folder.DELETED:
            await self._put(self.played, "vm-undeleted")
            return None
        await self._put(Folder.DELETED, "vm-deleted")
        return Step.NEXT

    async def _call_back(self) -> None:
        """Who listens from outside calls nobody: the account would pay for whatever a stranger with a PIN dials."""
        number = self.message.caller_id_number
        if self.call.call_kind != "internal" or not number.lstrip("+").isdigit():
            await self.session.say("vm-no_callback")
            return
        await self.session.say("vm-transferring_call")
        await self.call.transfer(number)
