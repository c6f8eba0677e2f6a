"""The name somebody says before he joins: all others hear it when he comes and when he leaves."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.ids import new_id
from apps.foundation.storage.models import FileKind, FileState, StoredFile
from apps.foundation.storage.queries import switch_url
from apps.pbx.callflows.ending import EndedCall, at_call_end, at_end
from apps.pbx.media.speech import File, Prompt, sound
from apps.switching.calls.files import drop_recorded, keep_recorded
from apps.switching.calls.port import Call, RecordRequest

logger = logging.getLogger(__name__)
#: Seconds of a name, and of the silence that ends it.
LONGEST, SILENCE = 6, 2
#: Milliseconds below which nothing was said.
SHORTEST = 400
#: Seconds a name may take from one node to another; milliseconds between looks.
_FETCHED_WITHIN, _LOOK_EVERY = 4.0, 200
_BEEP = File("tone_stream://%(300,0,640)")


async def record_name(call: Call, language: str) -> str:
    """Where the name lies on the node; empty where nothing was said. It is removed when the call is over."""
    await call.play(await sound(call, Prompt("conf-record_name"), _BEEP, language=language))
    request = RecordRequest(f"{call.account_id}/{new_id()}.wav", limit=LONGEST, silence_seconds=SILENCE)
    recorded = await call.record(request)
    if recorded.milliseconds:
        await at_end(call, "conference_name", {"path": recorded.path, "switch": call.switch})
    return recorded.path if recorded.milliseconds >= SHORTEST else ""


async def name_for(call: Call, home: str, path: str) -> str:
    """The same name for the node `home`, where the conference is: a path on this node is of no use there. Empty where
    it has not been fetched in time, for the caller is not to wait for that."""
    if not path or home == call.switch:
        return path
    file_id = await in_account(call.account_id, _fetch, path, call.switch)
    await at_end(call, "conference_fetched_name", {"file_id": file_id})
    deadline = time.monotonic() + _FETCHED_WITHIN
    while time.monotonic() < deadline:
        if address := await in_account(call.account_id, _address, file_id):
            return address
        await call.sleep(_LOOK_EVERY)
    logger.warning("call %s: the name has not been fetched in time and is not said", call.uuid)
    return ""


def _fetch(path: str, switch: str) -> str:
    return keep_recorded(FileKind.GREETING, path, switch=switch, name="name").id


def _address(file_id: str) -> str:
    found = StoredFile.objects.filter(id=file_id, state=FileState.STORED).first()
    return switch_url(found) if found is not None else ""


@at_call_end("conference_fetched_name")
def forget_fetched(_ended: EndedCall, data: Mapping[str, Any]) -> None:
    """Remove the name that was fetched for another node."""
    found = StoredFile.objects.filter(id=str(data["file_id"])).first()
    if found is not None:
        drop_recorded(found)


@at_call_end("conference_name")
def forget_name(_ended: EndedCall, data: Mapping[str, Any]) -> None:
    """Remove the recorded name from the node."""
    file = keep_recorded(FileKind.GREETING, str(data["path"]), switch=str(data["switch"]), name="name")
    drop_recorded(file)
