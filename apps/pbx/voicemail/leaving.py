"""Keeping what a caller says, whatever becomes of the call.

Before the first word is recorded a duty is noted on the call (see `apps.pbx.callflows.ending`). A caller who hangs up
while recording or afterwards has left a message, and so has one whose call server was lost meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.pbx.callflows.ending import EndedCall, at_call_end, at_end, duties_of
from apps.pbx.callflows.missed_calls import MESSAGE_LEFT
from apps.pbx.voicemail.message_actions import Caller, keep_message
from apps.pbx.voicemail.models import Message
from apps.switching.calls.port import Call

logger = logging.getLogger(__name__)
DUTY = "voicemail_message"
#: Channel variables: the recording that is a message unless something else is said, how long it was at last, and
#: whether it is urgent. The switch itself says how long the last recording was.
RECORDING, LENGTH, URGENT, LAST_LENGTH = "voicemail_recording", "voicemail_length", "voicemail_urgent", "record_ms"
#: Milliseconds below which nothing was said.
SHORTEST = 500


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is being left. `path` is the recording's on the node `switch`."""

    box_id: str
    recording_id: str
    moment: datetime
    file: str
    path: str
    switch: str


async def begin(call: Call, box_id: str) -> Draft:
    """Note that what will be recorded is a message."""
    recording_id, moment = new_id(), now().replace(microsecond=0)
    file = f"{call.account_id}/{recording_id}.wav"
    draft = Draft(box_id, recording_id, moment, file, call.recording_path(file), call.switch)
    await at_end(call, DUTY, _duty(draft))
    return draft


async def recording(call: Call, draft: Draft) -> None:
    """From now on what is in the file counts, also where the caller hangs up."""
    await call.remember({RECORDING: draft.recording_id, MESSAGE_LEFT: "true"})


async def recorded(call: Call, milliseconds: int, *, urgent: bool) -> None:
    """So long it is."""
    await call.remember({LENGTH: str(milliseconds), URGENT: "true" if urgent else ""})


async def drop(call: Call) -> None:
    """What was recorded is no message."""
    await call.remember({RECORDING: "", LENGTH: "", URGENT: "", MESSAGE_LEFT: ""})


async def keep(call: Call, draft: Draft, milliseconds: int, *, urgent: bool = False) -> Message | None:
    """Make it a message now. None where the mailbox is gone."""
    caller = Caller(
        call.caller_id.name,
        call.caller_id.number,
        call.uuid,
        call.variables.get("sip_from_uri", ""),
        call.variables.get("sip_to_uri", ""),
    )
    message = await in_account(call.account_id, _keep, draft, milliseconds, caller, urgent)
    await call.remember({RECORDING: "", LENGTH: "", URGENT: ""})
    return message


async def keep_unfinished(call: Call) -> bool:
    """Keep what was being recorded when the call server was lost. False where there was nothing."""
    for name, data in duties_of(call.variables):
        if name == DUTY and (milliseconds := _length_of(call.variables, data)) is not None:
            urgent = call.variables.get(URGENT) == "true"
            return await keep(call, _draft(data), milliseconds, urgent=urgent) is not None
    return False


@at_call_end(DUTY)
def keep_what_was_said(ended: EndedCall, data: Mapping[str, Any]) -> None:
    """The caller hung up without deciding anything: what was recorded is kept."""
    milliseconds = _length_of(ended.variables, data)
    if milliseconds is None:
        return
    words = ended.variables
    caller = Caller(
        words.get("effective_caller_id_name") or ended.caller_id.name,
        words.get("effective_caller_id_number") or ended.caller_id.number,
        ended.call_id,
        words.get("sip_from_uri", ""),
        words.get("sip_to_uri", ""),
    )
    message = _keep(_draft(data), milliseconds, caller, words.get(URGENT) == "true")
    logger.info("call %s: left %s", ended.call_id, message.id if message else "nothing: the mailbox is gone")


def _keep(draft: Draft, milliseconds: int, caller: Caller, urgent: bool) -> Message | None:
    return keep_message(
        draft.box_id, draft.recording_id, draft.moment, draft.path,
        switch=draft.switch, milliseconds=milliseconds, caller=caller, urgent=urgent,
    )  # fmt: skip


def _length_of(variables: Mapping[str, str], data: Mapping[str, Any]) -> int | None:
    """Milliseconds of a recording that is a message; None where it is none."""
    if not data.get("recording") or variables.get(RECORDING) != data["recording"]:
        return None
    found = [text for text in (variables.get(LAST_LENGTH, ""), variables.get(LENGTH, "")) if text.isdigit()]
    milliseconds = int(found[0]) if found else 0
    return milliseconds if milliseconds >= SHORTEST else None


def _duty(draft: Draft) -> dict[str, Any]:
    return {
        "box": draft.box_id,
        "recording": draft.recording_id,
        "at": int(draft.moment.timestamp()),
        "file": draft.file,
        "path": draft.path,
        "switch": draft.switch,
    }


def _draft(data: Mapping[str, Any]) -> Draft:
    moment = datetime.fromtimestamp(int(data["at"]), UTC)
    texts = (str(data[key]) for key in ("file", "path", "switch"))
    return Draft(str(data["box"]), str(data["recording"]), moment, *texts)
