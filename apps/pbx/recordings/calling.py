"""Recording a call while it is handled: by rules, by callflows and by keys.

`start`, `stop` and `pause` work at any moment, also beside a conversation. Each recording is a file of its own; several
may run at once. The caller is on the left channel, whoever he talks to on the right one.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.pbx.media.speech import Prompt, sound
from apps.pbx.recordings.actions import (
    RecordedCall,
    Registered,
    complete,
    drop,
    file_for,
    new_recording_id,
    register,
)
from apps.pbx.recordings.queries import running_named
from apps.pbx.recordings.wanting import Wanted
from apps.switching.calls.commands import NodeCommand, broadcast, checked_uuid, set_variable
from apps.switching.calls.dial_string import UnsafeValue
from apps.switching.calls.port import Call, CallerHungUp, RecordRequest, SwitchRefused

logger = logging.getLogger(__name__)
#: The channel variable with the ids of everything recorded of the channel, separated by commas: it comes with the call
#: record, which says that they are complete.
VARIABLE = "media_recordings"
#: The switch's variable: recordings of the channel go on with the other party where its phone transfers him (REFER).
FOLLOWS_TRANSFER = "recording_follow_transfer"
#: Silence that ends what a caller says.
SILENCE_SECONDS = 5
ANNOUNCEMENT = "record-call_is_recorded"


async def start(call: Call, wanted: Wanted, *, beside: bool = False) -> str:
    """Record from now on, or from the answer where the call is not answered; the recording's id, empty where it is
    recorded already for the same reason or the switch refuses. `beside`: the call is in a conversation."""
    recording_id = new_recording_id()
    file = file_for(call.account_id, recording_id)
    path = call.recording_path(file)
    registered, announced = await in_account(
        call.account_id, _register, recording_id, path, recorded_call(call, wanted), wanted
    )
    if registered is None:
        return ""
    try:
        await call.tell_switch(set_variable(call.uuid, VARIABLE, ",".join(registered.ids)))
        if wanted.follow_transfer:
            await call.tell_switch(set_variable(call.uuid, FOLLOWS_TRANSFER, "true"))
        if announced:
            await announce(call, beside=beside)
        await call.start_recording(
            file,
            limit=wanted.limit,
            after_answer=wanted.after_answer or not call.is_answered,
            after_bridge=wanted.after_bridge,
        )
    except (CallerHungUp, SwitchRefused) as error:
        await in_account(call.account_id, drop, [recording_id])
        if isinstance(error, CallerHungUp):
            raise
        logger.warning("call %s: not recorded: %s", call.uuid, error)
        return ""
    logger.info("call %s: recording %s %s", call.uuid, recording_id, wanted.origin)
    return recording_id


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller said: nothing where there are no `milliseconds`."""

    recording_id: str = ""
    milliseconds: int = 0


async def record_caller(call: Call, wanted: Wanted) -> Said:
    """Record what the caller says until a key, the limit, or silence. Raises CallerHungUp: what was said until then is
    kept."""
    recording_id = new_recording_id()
    file = file_for(call.account_id, recording_id)
    path = call.recording_path(file)
    registered, _ = await in_account(
        call.account_id, _register, recording_id, path, recorded_call(call, wanted), wanted
    )
    if registered is None:
        return Said()
    try:
        await call.tell_switch(set_variable(call.uuid, VARIABLE, ",".join(registered.ids)))
    except CallerHungUp:
        await in_account(call.account_id, drop, [recording_id])
        raise
    recorded = await call.record(RecordRequest(file, limit=wanted.limit, silence_seconds=SILENCE_SECONDS))
    await in_account(call.account_id, complete if recorded.milliseconds else drop, [recording_id])
    return Said(recording_id, recorded.milliseconds)


async def stop(call: Call, name: str = "", *, transferred: bool = False) -> int:
    """End what is being recorded, all of it or what has this name or label; how many that were."""
    ids = await in_account(call.account_id, _running, call.uuid, name, transferred)
    for recording_id in ids:
        await call.stop_recording(file_for(call.account_id, recording_id))
    if ids:
        await in_account(call.account_id, complete, ids)
    return len(ids)


async def pause(call: Call, paused: bool, name: str = "") -> int:
    """Silence in the recordings while paused; how many that are."""
    ids = await in_account(call.account_id, _running, call.uuid, name, False)
    for recording_id in ids:
        await call.pause_recording(file_for(call.account_id, recording_id), paused)
    return len(ids)


async def follow_rules(call: Call, rules: Sequence[Wanted], *, was_transferred: bool) -> None:
    """At the start of a call. A rule that has the call recorded already, before a transfer, is left alone. What cannot
    be recorded is logged, and the call goes on."""
    try:
        if was_transferred and call.variables.get(VARIABLE):
            await stop(call, transferred=True)
        for wanted in rules:
            await start(call, wanted)
    except CallerHungUp:
        raise
    except Exception:
        logger.exception("call %s: not recorded", call.uuid)


def when_connected(call: Call, rules: Mapping[str, Wanted]) -> Callable[[str], Awaitable[None]] | None:
    """A listener that records by the rule of the device that answered; None where no device has one."""
    if not rules:
        return None

    async def connected(uuid: str) -> None:
        answer = await call.tell_switch(NodeCommand("uuid_getvar", f"{checked_uuid(uuid)} authorizing_id"))
        wanted = rules.get(answer.strip())
        if wanted is not None:
            await start(call, wanted, beside=True)

    return connected


async def announce(call: Call, *, beside: bool = False) -> None:
    """Tell the caller that the call is recorded; in a conversation, everybody."""
    words = await sound(call, Prompt(ANNOUNCEMENT))
    if beside:
        try:
            await call.tell_switch(broadcast(call.uuid, words, "both"))
        except (SwitchRefused, UnsafeValue) as error:
            logger.warning("call %s: that it is recorded cannot be said: %s", call.uuid, error)
        return
    await call.pre_answer()
    await call.play(words)


def recorded_call(call: Call, wanted: Wanted) -> RecordedCall:
    """The call as its recordings describe it."""
    variables = call.variables
    details = {
        "direction": "inbound",
        "caller_id_name": call.original_caller_id.name,
        "caller_id_number": call.original_caller_id.number,
        "callee_id_number": call.destination,
        "from": variables.get("sip_from_uri", ""),
        "to": variables.get("sip_to_uri", ""),
        "request": variables.get("sip_req_uri", ""),
        "custom_channel_vars": {
            name: value
            for name, value in {
                "account_id": call.account_id,
                "authorizing_id": call.authorizing_id,
                "owner_id": call.owner_id,
                "callflow_id": variables.get("callflow_id", ""),
                "call_interaction_id": call.interaction_id,
            }.items()
            if value
        },
    }
    return RecordedCall(
        call_id=call.uuid,
        switch=call.switch,
        interaction_id=call.interaction_id,
        owner_id=wanted.owner_id or call.owner_id,
        details={name: value for name, value in details.items() if value},
    )


def _register(recording_id: str, path: str, call: RecordedCall, wanted: Wanted) -> tuple[Registered | None, bool]:
    """The recording, and whether it is announced."""
    registered = register(recording_id, path, call, wanted)
    account = Account.objects.filter(id=current_account_id()).first()
    return registered, bool(account is not None and account.document.get("recording_announcement"))


def _running(call_id: str, name: str, transferred: bool) -> list[str]:
    return running_named(call_id, name, transferred=transferred)
