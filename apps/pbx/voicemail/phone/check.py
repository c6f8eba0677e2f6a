"""Logging in to a mailbox, setting it up, and its main menu."""

from __future__ import annotations

import logging

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, stop
from apps.pbx.media.speech import Counted, Part
from apps.pbx.voicemail.actions import check_pin
from apps.pbx.voicemail.models import Folder
from apps.pbx.voicemail.phone.listening import listen
from apps.pbx.voicemail.phone.settings import change, set_up
from apps.pbx.voicemail.phone.talking import BETWEEN_KEYS, MOST_KEYS, TRIES, Session, digits, say
from apps.pbx.voicemail.queries import Counts, Mailbox, counts_of, find_mailbox
from apps.switching.calls.port import Call

logger = logging.getLogger(__name__)
LONGEST_PIN, LONGEST_MAILBOX = 6, 30


async def check_box(
    call: Call, box: Mailbox | None, *, always_ask: bool = False, interdigit: int = BETWEEN_KEYS
) -> Branch:
    """Let somebody in and out again. Without a box its number is asked; with `always_ask` the owner's PIN is, too."""
    await call.answer()
    opened = await _log_in(call, box, always_ask=always_ask, interdigit=interdigit)
    if opened is None:
        return stop(why="not let in")
    session = Session(call, opened, interdigit)
    if not opened.settings.is_setup and not opened.settings.not_configurable:
        await set_up(session)
    else:
        await session.say("vm-hello")
    await main_menu(session)
    await session.say("vm-goodbye")
    return stop(why="heard the messages")


async def main_menu(session: Session) -> None:
    """Until the caller leaves, or says nothing."""
    silent = 0
    for _key in range(MOST_KEYS):
        settings, keys = session.box.settings, session.keys
        held = await in_account(session.call.account_id, counts_of, session.box.id)
        menu = "vm-main_menu_not_configurable" if settings.not_configurable else "vm-main_menu"
        pressed = await session.choose(*_you_have(held), menu)
        if pressed == keys.exit:
            return
        if pressed == keys.hear_new:
            await listen(session, Folder.NEW)
        elif pressed == keys.hear_saved:
            await listen(session, Folder.SAVED)
        elif pressed == keys.configure and not settings.not_configurable:
            await change(session)
        else:
            silent += 1
            if silent >= TRIES:
                return
            if pressed:
                await session.say("menu-invalid_entry")
            continue
        silent = 0


def _you_have(held: Counts) -> list[Part | str]:
    if not held.total:
        return ["vm-no_messages"]
    said: list[Part | str] = ["vm-you_have"]
    if held.new:
        said.append(Counted("vm-count_new_messages", held.new))
    if held.new and held.saved:
        said.append("vm-and")
    if held.saved:
        said.append(Counted("vm-count_saved_messages", held.saved))
    return said


async def _log_in(call: Call, box: Mailbox | None, *, always_ask: bool, interdigit: int) -> Mailbox | None:
    if box is not None and not always_ask and box.is_owned_by(call.owner_id) and not box.settings.require_pin:
        return box
    for attempt in range(1, TRIES + 1):
        wanted = box
        if wanted is None:
            number = await digits(call, "vm-enter_id", maximum=LONGEST_MAILBOX, between=interdigit)
            wanted = await in_account(call.account_id, find_mailbox, number)
        if wanted is not None and wanted.is_locked:
            logger.warning("call %s: mailbox %s is locked", call.uuid, wanted.id)
            await say(call, "vm-mailbox_locked")
            return None
        # A mailbox that is not there is asked about like one that is, so that nobody learns which there are.
        pin = await digits(call, "vm-enter_pass", maximum=LONGEST_PIN, between=interdigit)
        if pin and wanted is not None and await in_account(call.account_id, check_pin, wanted.id, pin):
            return wanted
        logger.info("call %s: wrong mailbox or PIN, attempt %d", call.uuid, attempt)
        await say(call, "vm-fail_auth" if attempt < TRIES else "vm-abort")
    return None
