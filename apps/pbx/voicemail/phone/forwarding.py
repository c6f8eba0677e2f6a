"""Forwarding a message to another mailbox, with some words in front of it."""

from __future__ import annotations

from apps.foundation.accounts.bridge import in_account
from apps.pbx.voicemail import phone_actions
from apps.pbx.voicemail.phone.talking import TRIES, Session, digits, record_something
from apps.pbx.voicemail.queries import Mailbox, find_mailbox, is_full


async def forward(session: Session, message_id: str) -> bool:
    """False where it was not forwarded."""
    call = session.call
    target = await _target(session)
    if target is None:
        await session.say("vm-forward_abort")
        return False
    path = ""
    if await session.choose("vm-forward_comment") == "1":
        recorded = await record_something(call, "vm-forward_record")
        path = recorded.path if recorded is not None else ""
    done = await in_account(
        call.account_id, phone_actions.forward, session.box.id, message_id, target.id, session.principal,
        introduction=path, switch=call.switch,
    )  # fmt: skip
    await session.say("vm-forwarded" if done else "vm-forward_abort")
    return done


async def _target(session: Session) -> Mailbox | None:
    for _try in range(TRIES):
        number = await digits(session.call, "vm-forward_enter_id", maximum=30, between=session.interdigit)
        if not number:
            return None
        found = await in_account(session.call.account_id, find_mailbox, number)
        if found is None or found.id == session.box.id:
            await session.say("vm-mailbox_does_not_exist")
        elif await in_account(session.call.account_id, is_full, found):
            await session.say("vm-mailbox_full")
        else:
            return found
    return None
