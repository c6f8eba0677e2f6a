"""Mailboxes, messages and callers for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.pbx.callflows.ending import EndedCall, perform
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.voicemail.actions import create_box
from apps.pbx.voicemail.message_actions import Caller, keep_message
from apps.pbx.voicemail.models import Box, Message
from apps.switching.calls.fake import RECORDINGS, FakeCall
from apps.switching.calls.port import CallerHungUp
from tests.pbx_office import Office, run


def a_box(office: Office, mailbox: str = "3000", **document: Any) -> Box:
    """With the PIN 1234 and set up, unless the document says otherwise."""
    wanted = {"name": f"Box {mailbox}", "mailbox": mailbox, "pin": "1234", "is_setup": True, **document}
    return office.within(lambda: create_box(wanted, system_principal(office.id)))


def a_message(office: Office, box: Box, number: str = "1002", moment: datetime | None = None, **more: Any) -> Message:
    recording = new_id()
    made = office.within(
        lambda: keep_message(
            box.id, recording, moment or now(), f"{RECORDINGS}/{office.id}/{recording}.wav",
            switch="fs1", milliseconds=4_000, caller=Caller("Bob", number), **more,
        )
    )  # fmt: skip
    assert made is not None
    return made


def messages(office: Office, box: Box) -> list[Message]:
    return office.within(lambda: list(Message.objects.filter(box_id=box.id).order_by("created", "id")))


def folders(office: Office, box: Box) -> list[str]:
    return [message.folder for message in messages(office, box)]


def visit(office: Office, data: dict[str, Any], **caller: Any) -> tuple[Branch | None, FakeCall]:
    """Run the verb as a call does, and what is left to do when it has ended. No branch where the caller hung up."""
    call = FakeCall(account_id=office.id, **caller)
    verb = verbs()["voicemail"]
    branch: Branch | None = None
    try:
        branch = run(verb.run(call, read_data(verb, data, ["_"])))
    except CallerHungUp:
        pass
    office.within(lambda: perform(ended(call)))
    return branch, call


def ended(call: FakeCall, **variables: str) -> EndedCall:
    words = {**call.variables, **variables}
    return EndedCall(call.uuid, call.account_id, caller_id=call.original_caller_id, variables=words)


def said(call: FakeCall) -> str:
    """Everything that was played, in one text."""
    return "\n".join(detail for what, detail in call.did if what in ("play", "collect"))
