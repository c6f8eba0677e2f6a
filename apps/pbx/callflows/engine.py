"""The engine: finds the callflow for a call and runs it, verb by verb, until it ends.

A *node* is one `{"module", "data", "children"}` of a flow; a *step* is the running of one. After a step the call goes
on at the child the verb named, else at `_`; where there is neither, it is hung up with the last cause.

Every step is noted twice: on the call's own channel, so that another call server can go on with it (`progress`), and in
the call's trace, so that people can see afterwards what happened and why (`tracing`).
"""

from __future__ import annotations

import logging

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.scope import AccountUnknown
from apps.pbx.callflows.built_in import CHANNEL_VARIABLE, GIVEN_FLOW, read_given_flow
from apps.pbx.callflows.ending import EndedCall
from apps.pbx.callflows.lookup import Arrival, look_up, take_up
from apps.pbx.callflows.presenting import present_caller
from apps.pbx.callflows.progress import VARIABLE, Progress, read_progress
from apps.pbx.callflows.redialling import ALLOWED_NUMBER
from apps.pbx.callflows.run import MOST_STEPS, Run, has_been_here, trace_of
from apps.pbx.callflows.trace_rows import steps_so_far
from apps.pbx.callflows.tracing import tracer
from apps.pbx.media.music import HOLD_MUSIC
from apps.pbx.media.speech import Prompt, sound
from apps.pbx.metaflows.arriving import arrive
from apps.pbx.metaflows.consulting import take_back
from apps.pbx.recordings.calling import follow_rules
from apps.switching.calls.port import Call, CallerHungUp, CallerLeft

__all__ = ["MOST_STEPS", "handle_call"]
logger = logging.getLogger(__name__)
#: A step that lost its call server that often is taken to be why: the call goes on behind it.
MOST_RESUMPTIONS = 3


async def handle_call(call: Call) -> None:
    """Answer for one call, from its first moment to its end. Raises `CallerHungUp` when the caller ends it first."""
    if await arrive(call):
        return
    progress = read_progress(call.variables)
    try:
        run = await (_begin(call) if progress is None else _take_up(call, progress))
    except AccountUnknown:
        logger.warning("call %s: no account %r", call.uuid, call.account_id)
        await call.respond(404, "Not Found")
        return
    if run is None:
        return
    cause = ""
    try:
        cause = await run.to_the_end()
    except CallerLeft:
        raise
    except CallerHungUp as gone:
        cause = gone.cause
        raise
    except Exception:
        cause = "NORMAL_TEMPORARY_FAILURE"
        raise
    finally:
        # Without a cause the caller is on the line still: connected elsewhere, or the connection to the switch is gone.
        if cause:
            await _finish(run, cause)
        else:
            await tracer().write()


async def _begin(call: Call) -> Run | None:
    start = await in_account(call.account_id, look_up, _arrival(call))
    if start.refusal is not None:
        code, reason = start.refusal
        logger.info("call %s: refused with %d %s", call.uuid, code, reason)
        if start.prompt:
            await call.pre_answer()
            await call.play(await sound(call, Prompt(start.prompt)))
        await take_back(call)
        await call.respond(code, reason)
        return None
    if start.dialled and start.dialled != call.destination:
        logger.info("call %s: %s is dialled as %s", call.uuid, call.destination, start.dialled)
        await call.set_destination(start.dialled)
    trace = trace_of(call)
    trace.callflow_id = start.callflow_id
    if has_been_here(call):
        trace.steps = await in_account(call.account_id, steps_so_far, trace)
    else:
        await present_caller(call)
    await follow_rules(call, start.recorded, was_transferred=has_been_here(call))
    return Run(call, start, trace)


async def _take_up(call: Call, progress: Progress) -> Run | None:
    """Go on with a call that another call server had."""
    trace = trace_of(call)
    found = await in_account(call.account_id, take_up, progress, trace)
    if found is None:
        logger.warning("call %s: its callflow is gone, it begins again", call.uuid)
        await call.remember({VARIABLE: ""})
        return await _begin(call)
    logger.info("call %s: taken up at step %d of callflow %s", call.uuid, progress.steps, found.here.callflow_id)
    trace.callflow_id = found.start.callflow_id
    run = Run(call, found.start, trace)
    run.take_up(progress, found, skips=progress.resumed >= MOST_RESUMPTIONS)
    return run


async def _finish(run: Run, cause: str) -> None:
    call, trace = run.call, run.trace
    trace.hangup_cause = cause
    variables = await call.last_variables()
    ended = EndedCall(
        call_id=call.uuid,
        account_id=call.account_id,
        destination=call.destination,
        caller_id=call.original_caller_id,
        call_kind=call.call_kind,
        authorizing_id=call.authorizing_id,
        owner_id=call.owner_id,
        interaction_id=call.interaction_id,
        callflow_id=run.start.callflow_id,
        cause=cause,
        was_answered=call.is_answered or bool(variables.get("answer_epoch", "0").strip("0")),
        was_bridged=bool(variables.get("last_bridge_to")),
        variables=variables,
    )
    await tracer().finish(trace, ended)


def _arrival(call: Call) -> Arrival:
    variables = call.variables
    return Arrival(
        dialled=call.destination,
        callflow_id=variables.get("callflow_id", ""),
        authorizing_id=call.authorizing_id,
        call_kind=call.call_kind,
        interaction_id=call.interaction_id,
        is_allowed=bool(call.destination) and variables.get(ALLOWED_NUMBER) == call.destination,
        built_in=variables.get(CHANNEL_VARIABLE, ""),
        given=read_given_flow(variables.get(GIVEN_FLOW, ""), call.destination),
        has_music=variables.get("authorizing_type") == "clicktocall" and bool(variables.get(HOLD_MUSIC)),
    )
