"""The dialplan's answer to a call from another of our nodes that is on its way into a conference here."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import redis

from apps.foundation.accounts.bridge import in_directory
from apps.interfaces.freeswitch.dialplan import CARRIERS, FORBIDDEN, action
from apps.interfaces.freeswitch.markup import document, element
from apps.switching.calls.conference_commands import conference_argument
from apps.switching.calls.dial_string import safe_variables
from apps.switching.calls.socket_call import STILL_HERE
from apps.switching.rooms.passages import DIALLED, Passage, take_passage
from apps.switching.switches.translate import ROUTED

log = logging.getLogger(__name__)


async def answer(fields: Mapping[str, str], node: str) -> bytes | None:
    """None for every other call. A word that does not hold (any more) gets 403."""
    dialled = fields.get("Hunt-Destination-Number") or fields.get("Caller-Destination-Number") or ""
    context = fields.get("Hunt-Context") or fields.get("Caller-Context") or ""
    word = DIALLED.fullmatch(dialled)
    if word is None or context != CARRIERS:
        return None
    try:
        passage = await in_directory(take_passage, word[1], node)
    except redis.RedisError as error:
        log.error("a call into a conference cannot be let in: %s", error)
        passage = None
    actions = FORBIDDEN.actions() if passage is None else let_in(passage)
    extension = element("extension", element("condition", *actions), name="conference")
    return document("dialplan", element("context", extension, name=context))


def let_in(passage: Passage) -> tuple[str, ...]:
    """As the call server does it with a call of its own (`SocketCall.conference`), in the dialplan's words."""
    request = passage.request
    sounds = safe_variables({"conference_moh_sound": STILL_HERE, **request.variables})
    return (
        *(action("export", f"{name}={value}") for name, value in safe_variables(passage.variables).items()),
        action("event", f"Event-Name=CUSTOM,Event-Subclass={ROUTED}"),
        *(action("set", f"{name}={value}") for name, value in sounds.items()),
        action("answer", ""),
        action("conference", conference_argument(request.name, request.profile, flags=request.flags)),
        action("hangup", "NORMAL_CLEARING"),
    )
