"""Calls whose call server is gone: the switch plays on what it was told last, and only then hands the call over again.

As soon as a call server is lost, the calls it had are handed over to another one. What must not be cut short (a
conversation, a message being recorded, phones ringing, a conference) goes on and comes by itself when it is over.
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
#: The channel variable with the name of the call server that has the call.
CALL_SERVER = "call_server"
#: The channel variable that tells routing to leave the call's progress as it is.
RESUMES = "flow_resumes"
#: Applications that only fill the caller's time.
IDLE = frozenset({"play_and_get_digits", "playback", "endless_playback", "loop_playback", "speak", "sleep", "gentones"})


async def fetch_orphans(client: EslClient, is_lost: Callable[[str], bool], fetched: set[str]) -> int:
    """Have the calls routed again whose call server `is_lost` says is gone, those in `fetched` excepted, and add them
    there. Answers how many. Raises EslError."""
    answer = await client.api("show", "channels as json")
    try:
        rows = json.loads(answer.text).get("rows", [])
    except (ValueError, AttributeError):
        return 0
    waiting = [row for row in rows if row.get("application") in IDLE and row.get("uuid") not in fetched]
    # The socket takes commands one after the other, without waiting for each answer.
    return sum(await asyncio.gather(*(_fetch(client, row, is_lost, fetched) for row in waiting)))


async def _fetch(
    client: EslClient, row: Mapping[str, object], is_lost: Callable[[str], bool], fetched: set[str]
) -> bool:
    uuid = str(row.get("uuid", ""))
    name = (await client.api("uuid_getvar", f"{uuid} {CALL_SERVER}")).text.strip()
    if not name or name == "_undef_" or name.startswith("-ERR") or not is_lost(name):
        return False
    # On its way to another call server it is still marked with the lost one's name.
    fetched.add(uuid)
    try:
        command = transfer(uuid, str(row.get("dest", "")), context=str(row.get("context", "")))
    except UnsafeValue:
        await client.api("uuid_break", f"{uuid} all")
        return True
    marked = client.api("uuid_setvar", f"{uuid} {RESUMES} true")
    await asyncio.gather(marked, client.api(command.name, command.arguments))
    return True


async def fetch_orphans_of(client: EslClient, node: str, is_lost: Callable[[str], bool], fetched: set[str]) -> None:
    """The same for one node, with its result in the log and no error."""
    try:
        if count := await fetch_orphans(client, is_lost, fetched):
            log.info("switch %s: %d calls of a lost call server are routed again", node, count)
    except EslError as error:
        log.warning("switch %s: calls of a lost call server could not be looked for: %s", node, error)
