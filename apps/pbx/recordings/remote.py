"""Starting, stopping and pausing recordings on any live channel from outside its call: the API and keys on either leg.

Runs inside `account_scope`, in a worker or a request. Raises EslError or UnknownNode where the node is away.
"""

from __future__ import annotations

import logging
from contextlib import suppress

from django.db.models import F

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.pbx.media.listener import Asking, listener_of
from apps.pbx.media.speech import Prompt, compose
from apps.pbx.recordings.actions import RecordedCall, complete, drop, file_for, new_recording_id, register
from apps.pbx.recordings.calling import ANNOUNCEMENT, FOLLOWS_TRANSFER, VARIABLE
from apps.pbx.recordings.models import Recording, RecordingState
from apps.pbx.recordings.queries import running_named
from apps.pbx.recordings.wanting import Wanted
from apps.switching.calls import recording_commands
from apps.switching.calls.commands import NodeCommand, broadcast, set_variable
from apps.switching.calls.dial_string import UnsafeValue
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import SwitchRefused
from apps.switching.calls.recording_commands import RecordingOptions
from apps.switching.calls.recording_names import path_below
from apps.switching.switches.lines import run_api

logger = logging.getLogger(__name__)


def start_on(channel: LiveChannel, wanted: Wanted) -> str:
    """Record the channel from now on; the recording's id, empty where it is recorded already for the same reason.
    Where the account announces recordings, both parties are told. Raises SwitchRefused."""
    recording_id = new_recording_id()
    path = path_below(_directory(channel.switch), file_for(current_account_id(), recording_id))
    registered = register(recording_id, path, _recorded(channel), wanted)
    if registered is None:
        return ""
    options = RecordingOptions(wanted.limit, True, 0, wanted.after_answer, wanted.after_bridge)
    try:
        _tell(channel, set_variable(channel.uuid, VARIABLE, ",".join(registered.ids)))
        _announce(channel)
        if wanted.follow_transfer:
            _tell(channel, set_variable(channel.uuid, FOLLOWS_TRANSFER, "true"))
        _tell(channel, recording_commands.start_recording(channel.uuid, path, options))
    except SwitchRefused:
        drop([recording_id])
        raise
    return recording_id


def _announce(channel: LiveChannel) -> None:
    account = Account.objects.get(id=current_account_id())
    if not account.document.get("recording_announcement"):
        return
    words = compose([Prompt(ANNOUNCEMENT)], listener_of(Asking(channel.authorizing_id, channel.owner_id)))
    try:
        _tell(channel, broadcast(channel.uuid, words, "both"))
    except (SwitchRefused, UnsafeValue) as error:
        logger.warning("call %s: that it is recorded cannot be said: %s", channel.uuid, error)


def stop_on(channel: LiveChannel, name: str = "") -> int:
    """End what is being recorded of the channel, all of it or what has this name or label; how many that were."""
    ids = running_named(channel.uuid, name)
    for path in _paths(channel, ids):
        try:
            _tell(channel, recording_commands.stop_recording(channel.uuid, path))
        except SwitchRefused:
            if path not in _recorded_to(channel):
                continue  # it has ended by itself
            # One that came here with a transfer cannot be named (switch_ivr_async.c): all are ended.
            _tell(channel, recording_commands.stop_every_recording(channel.uuid))
            ids = running_named(channel.uuid)
            break
    complete(ids)
    return len(ids)


def pause_on(channel: LiveChannel, paused: bool, name: str = "") -> int:
    """Silence in the recordings while paused; how many that are. Raises SwitchRefused."""
    ids = running_named(channel.uuid, name)
    for path in _paths(channel, ids):
        _tell(channel, recording_commands.mask_recording(channel.uuid, path, paused))
    return len(ids)


def follow(heir: LiveChannel, recording_ids: list[str]) -> None:
    """A phone has transferred the call: its recordings go on with `heir`, as far as the switch has moved them there.
    The others are complete, and those that end with a transfer are ended. Raises EslError, UnknownNode."""
    there = _recorded_to(heir)
    directory = _directory(heir.switch)
    known = running_named(heir.uuid)
    kept: list[str] = []
    over: list[str] = []
    ends: list[str] = []
    for recording in Recording.objects.filter(id__in=recording_ids, state=RecordingState.RECORDING):
        path = path_below(directory, file_for(current_account_id(), recording.id))
        follows = recording.wanted.get("follow_transfer") is not False
        (over if path not in there else kept if follows else ends).append(recording.id)
    if ends and not kept and not known:
        # The switch moves all of them, and can end there none by itself.
        with suppress(SwitchRefused):
            _tell(heir, recording_commands.stop_every_recording(heir.uuid))
        over += ends
    else:
        kept += ends
    if kept:
        Recording.objects.filter(id__in=kept).update(call_id=heir.uuid, revision=F("revision") + 1)
        try:
            _tell(heir, set_variable(heir.uuid, VARIABLE, ",".join([*known, *kept])))
            _tell(heir, set_variable(heir.uuid, FOLLOWS_TRANSFER, "true"))
        except SwitchRefused:
            over += kept  # it has ended meanwhile
    complete(over)


def _recorded_to(channel: LiveChannel) -> str:
    """The switch's list of what listens to a channel, with the files that are written."""
    return run_api(channel.switch, "uuid_buglist", channel.uuid).text


def _paths(channel: LiveChannel, ids: list[str]) -> list[str]:
    if not ids:
        return []
    directory = _directory(channel.switch)
    return [path_below(directory, file_for(current_account_id(), one)) for one in ids]


def _directory(switch: str) -> str:
    return run_api(switch, "global_getvar", "recordings_dir").text.strip()


def _tell(channel: LiveChannel, command: NodeCommand) -> None:
    answer = run_api(channel.switch, command.name, command.arguments)
    if not answer.ok:
        raise SwitchRefused(answer.text.strip())


def _recorded(channel: LiveChannel) -> RecordedCall:
    details = {
        "direction": channel.direction,
        "caller_id_name": channel.caller_id_name,
        "caller_id_number": channel.caller_id_number,
        "callee_id_name": channel.callee_id_name,
        "callee_id_number": channel.callee_id_number or channel.destination,
        "from": channel.from_uri,
        "to": channel.to_uri,
        "custom_channel_vars": {"account_id": channel.account_id, "call_interaction_id": channel.interaction_id},
    }
    return RecordedCall(
        call_id=channel.uuid,
        switch=channel.switch,
        interaction_id=channel.interaction_id,
        owner_id=channel.owner_id,
        details={name: value for name, value in details.items() if value},
    )
