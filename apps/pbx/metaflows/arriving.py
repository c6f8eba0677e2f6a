"""Legs that are sent to numbers of ours, which no callflow answers: what becomes of them in an attended transfer, and
where all of a conversation are to meet in a conference."""

from __future__ import annotations

from apps.pbx.conferences.documents import ConferenceSettings
from apps.pbx.conferences.joining import Entrance, join
from apps.pbx.conferences.queries import Opened, made_up_id
from apps.pbx.metaflows import consulting
from apps.switching.calls.port import Call

#: Everybody comes in as he is, and hears a tone when another one comes or leaves.
_SETTINGS = ConferenceSettings.model_validate({"play_welcome": False, "member": {"play_entry_prompt": False}})


async def arrive(call: Call) -> bool:
    """Handle a leg that was sent to one of these numbers; False for any other call."""
    if call.destination == consulting.NUMBER:
        await consulting.arrived(call)
        return True
    meeting = call.variables.get(consulting.MEETING, "")
    if call.destination != consulting.MEETING_NUMBER or not meeting:
        return False
    await call.remember({consulting.ROLE: ""})
    await join(call, Opened(made_up_id(meeting), "of a conversation", _SETTINGS), Entrance(is_moderator=False))
    await call.hang_up()
    return True
