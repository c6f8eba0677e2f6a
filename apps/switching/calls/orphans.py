"""Calls whose call server is gone: the switch plays on what it was told last, and only then hands the call over again.

A call server that starts has the calls it had before handed over at once. What must not be cut short (a conversation,
a message being recorded, phones ringing, a conference) goes on and comes by itself when it is over.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping

from apps.switching.calls.commands import transfer
from apps.switching.calls.dial_string import UnsafeValue
from apps.switching.esl.client import EslClient
from apps.switching.esl.errors import EslError

log = logging.getLogger(__name__)
#: The channel variable with the address of the call server that has the call.
CALL_SERVER = "call_server"
#: The channel variable that tells routing to leave the call's progress as it is.
RESUMES = "flow_resumes"
#: Applications that only fill the caller's time.
IDLE = frozenset({"play_and_get_digits", "playback", "endless_playback", "loop_playback", "speak", "sleep", "gentones"})


async def fetch_orphans(client: EslClient, call_server: str, is_ours: Callable[[str], bool]) -> int:
    """Have the calls routed again that `call_server` had, unless `is_ours` says that it has them already. Answers how
    many. Raises EslError."""
    answer = await client.api("show", "channels as json")
    try:
        rows = json.loads(answer.text).get("rows", [])
    except (ValueError, AttributeError):
        return 0
    waiting = [row for row in rows if row.get("application") in IDLE and not is_ours(str(row.get("uuid", "")))]
    # The socket takes commands one after the other, without waiting for each answer.
    return sum(await asyncio.gather(*(_fetch(client, row, call_server) for row in waiting)))


async def _fetch(client: EslClient, row: Mapping[str, object], call_server: str) -> bool:
    uuid = str(row.get("uuid", ""))
    if (await client.api("uuid_getvar", f"{uuid} {CALL_SERVER}")).text.strip() != call_server:
        return False
    try:
        command = transfer(uuid, str(row.get("dest", "")), context=str(row.get("context", "")))
    except UnsafeValue:
        await client.api("uuid_break", f"{uuid} all")
        return True
    marked = client.api("uuid_setvar", f"{uuid} {RESUMES} true")
    await asyncio.gather(marked, client.api(command.name, command.arguments))
    return True


async def fetch_orphans_of(client: EslClient, node: str, call_server: str, is_ours: Callable[[str], bool]) -> None:
    """The same for one node, with its result in the log and no error."""
    try:
        if fetched := await fetch_orphans(client, call_server, is_ours):
            log.info("switch %s: %d calls of a lost call server are taken up", node, fetched)
    except EslError as error:
        log.warning("switch %s: calls of a lost call server could not be looked for: %s", node, error)
