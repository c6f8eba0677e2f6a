"""Into a conference that lives on another node than the caller's: the caller is bridged there."""

from __future__ import annotations

import logging

import redis

from apps.foundation.accounts.bridge import in_account
from apps.pbx.media.speech import Prompt, sound
from apps.switching.calls.dial_string import Leg
from apps.switching.calls.port import BridgeRequest, Call, ConferenceRequest
from apps.switching.esl.errors import EslError
from apps.switching.rooms.passages import NoWayThere, Passage, open_passage
from apps.switching.switches.lines import UnknownNode

logger = logging.getLogger(__name__)
#: Seconds the other node may take to answer.
_ANSWERS_WITHIN = 8


async def enter(call: Call, home: str, conference_id: str, request: ConferenceRequest) -> bool:
    """Be in the conference until it is over for the caller, wherever it is. False where its node could not be reached:
    then the caller was told so. Never a second conference of that name, in which everybody would wait for the others.
    """
    if home == call.switch:
        await call.conference(request)
        return True
    passage = Passage(home, request, _identity(call))
    try:
        contact = await in_account(call.account_id, open_passage, passage)
    except (EslError, UnknownNode, NoWayThere, redis.RedisError) as error:
        logger.warning("call %s: no way to the conference on %s: %s", call.uuid, home, error)
        return await _refused(call)
    own = {"authorizing_id": conference_id, "authorizing_type": "conference", "call_kind": "internal"}
    leg = Leg(contact, variables={"account_id": call.account_id, **own})
    shared = {"interaction_id": call.interaction_id}
    result = await call.bridge(BridgeRequest((leg,), timeout=_ANSWERS_WITHIN, variables=shared))
    if result.answered:
        return True
    logger.warning("call %s: the conference on %s cannot be reached: %s", call.uuid, home, result.cause)
    return await _refused(call)


async def _refused(call: Call) -> bool:
    await call.play(await sound(call, Prompt("fault-can_not_be_completed_at_this_time")))
    return False


def _identity(call: Call) -> dict[str, str]:
    """Whose call it is, for the node it is brought to."""
    named = {
        "account_id": call.account_id,
        "authorizing_id": call.authorizing_id,
        "authorizing_type": call.variables.get("authorizing_type", ""),
        "owner_id": call.owner_id,
        "interaction_id": call.interaction_id,
        "call_kind": "internal",
    }
    return {name: value for name, value in named.items() if value}
