"""Changing a mailbox's greetings and PIN by phone, and setting it up the first time."""

from __future__ import annotations

from apps.foundation.accounts.bridge import in_account
from apps.pbx.voicemail.actions import BoxGone, Greeting, change_settings, drop_greeting, keep_greeting
from apps.pbx.voicemail.phone.talking import MOST_KEYS, TRIES, Session, digits, record_something

SHORTEST_PIN, LONGEST_PIN = 4, 6


async def set_up(session: Session) -> None:
    """A new mailbox: a PIN and a greeting. Whoever hangs up half-way is asked again the next time."""
    await session.say("vm-setup_intro")
    if not await set_pin(session) and not session.box.has_pin:
        return
    await session.say("vm-setup_rec_greeting")
    await record_greeting(session, "unavailable", "vm-record_greeting")
    await _change(session, is_setup=True)
    await session.say("vm-setup_complete")


async def change(session: Session) -> None:
    """The settings menu, until the caller goes back or says nothing."""
    silent = 0
    for _key in range(MOST_KEYS):
        keys = session.keys
        pressed = await session.choose("vm-settings_menu")
        if pressed == keys.return_main:
            return
        if pressed == keys.rec_unavailable:
            await record_greeting(session, "unavailable", "vm-record_greeting")
        elif pressed == keys.rec_busy:
            await record_greeting(session, "busy", "vm-record_greeting")
        elif pressed == keys.rec_name:
            await record_greeting(session, "name", "vm-record_name")
        elif pressed == keys.rec_temporary:
            await record_greeting(session, "temporary_unavailable", "vm-record_temp_greeting")
        elif pressed == keys.del_temporary:
            await _drop_temporary(session)
        elif pressed == keys.set_pin:
            await set_pin(session)
        elif pressed == keys.announce:
            await _announce(session)
        else:
            silent += 1
            if silent >= TRIES:
                return
            if pressed:
                await session.say("menu-invalid_entry")
            continue
        silent = 0


async def set_pin(session: Session) -> bool:
    """Ask for a new PIN twice. False where it stays as it is."""
    for _try in range(TRIES):
        pin = await digits(session.call, "vm-enter_new_pin", maximum=LONGEST_PIN, between=session.interdigit)
        if len(pin) < SHORTEST_PIN or not pin.isdigit():
            await session.say("vm-new_pin_bad")
            continue
        again = await digits(session.call, "vm-enter_new_pin_confirm", maximum=LONGEST_PIN, between=session.interdigit)
        if pin != again:
            await session.say("vm-pin_invalid")
            continue
        if await _change(session, pin=pin):
            await session.say("vm-pin_set")
            return True
        return False
    return False


async def record_greeting(session: Session, which: Greeting, prompt: str) -> bool:
    """Record one and make it the box's. False where nothing was kept."""
    recorded = await record_something(session.call, prompt)
    if recorded is None:
        return False
    call = session.call
    try:
        await in_account(
            call.account_id, keep_greeting, session.box.id, which, recorded.path,
            switch=call.switch, milliseconds=recorded.milliseconds, principal=session.principal,
        )  # fmt: skip
    except BoxGone:
        return False
    await session.reload()
    await session.say("vm-recording_saved")
    return True


async def _drop_temporary(session: Session) -> None:
    try:
        await in_account(
            session.call.account_id, drop_greeting, session.box.id, "temporary_unavailable", session.principal
        )
    except BoxGone:
        return
    await session.reload()
    await session.say("vm-temp_greeting_removed")


async def _announce(session: Session) -> None:
    on = not session.box.settings.announcement_only
    if await _change(session, announcement_only=on):
        await session.say("vm-announcement_on" if on else "vm-announcement_off")


async def _change(session: Session, **changes: object) -> bool:
    try:
        await in_account(session.call.account_id, change_settings, session.box.id, session.principal, **changes)
    except BoxGone:
        return False
    await session.reload()
    return True
