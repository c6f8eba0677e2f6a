"""The name somebody says before he joins: all others hear it when he comes and when he leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.foundation.kit.ids import new_id
from apps.foundation.storage.models import FileKind
from apps.pbx.callflows.ending import EndedCall, at_call_end, at_end
from apps.pbx.media.speech import File, Prompt, sound
from apps.switching.calls.files import drop_recorded, keep_recorded
from apps.switching.calls.port import Call, RecordRequest

#: Seconds of a name, and of the silence that ends it.
LONGEST, SILENCE = 6, 2
#: Milliseconds below which nothing was said.
SHORTEST = 400
_BEEP = File("tone_stream://%(300,0,640)")


async def record_name(call: Call, language: str) -> str:
    """Where the name lies on the node; empty where nothing was said. It is removed when the call is over."""
    await call.play(await sound(call, Prompt("conf-record_name"), _BEEP, language=language))
    request = RecordRequest(f"{call.account_id}/{new_id()}.wav", limit=LONGEST, silence_seconds=SILENCE)
    recorded = await call.record(request)
    if recorded.milliseconds:
        await at_end(call, "conference_name", {"path": recorded.path, "switch": call.switch})
    return recorded.path if recorded.milliseconds >= SHORTEST else ""


@at_call_end("conference_name")
def forget_name(_ended: EndedCall, data: Mapping[str, Any]) -> None:
    """Remove the recorded name from the node."""
    file = keep_recorded(FileKind.GREETING, str(data["path"]), switch=str(data["switch"]), name="name")
    drop_recorded(file)
