"""Telling conferences what to do."""

from __future__ import annotations

import logging

from celery import shared_task

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.storage.models import FileKind
from apps.switching.calls import conference_commands as commands
from apps.switching.calls.files import keep_recorded
from apps.switching.calls.recording_names import path_below
from apps.switching.esl.errors import EslError
from apps.switching.rooms.models import LiveRoom
from apps.switching.switches.lines import run_api

log = logging.getLogger(__name__)


@shared_task(name="rooms.tell", autoretry_for=(EslError,), retry_backoff=True, max_retries=3)
def tell(account_id: str, conference_id: str, arguments: str) -> int:
    """Run `conference <arguments>` where the account's conference is. Answers how many nodes were told; one that is
    over needs telling nothing."""
    nodes = list(
        LiveRoom.objects.filter(account_id=account_id, conference_id=conference_id).values_list("switch", flat=True)
    )
    for node in nodes:
        answer = run_api(node, "conference", arguments)
        if not answer.ok:
            log.info("conference %s: %s: %s", conference_id, arguments.partition(" ")[2], answer.text.strip())
    return len(nodes)


@shared_task(name="rooms.start_recording")
def start_recording(account_id: str, conference_id: str, file_id: str) -> bool:
    """Record what everybody in the account's conference hears; one recording at a time. Answers whether it began."""
    room = LiveRoom.objects.filter(account_id=account_id, conference_id=conference_id).first()
    if room is None or room.recording:
        return False
    directory = run_api(room.switch, "global_getvar", "recordings_dir").text.strip()
    command = commands.record(room.name, path_below(directory, f"{account_id}/{file_id}.wav"))
    return run_api(room.switch, command.name, command.arguments).ok


@shared_task(name="rooms.stop_recording")
def stop_recording(account_id: str, conference_id: str) -> None:
    """End the recording; the file is fetched once the switch says that it is complete."""
    for room in LiveRoom.objects.filter(account_id=account_id, conference_id=conference_id):
        command = commands.stop_recording(room.name)
        run_api(room.switch, command.name, command.arguments)


@shared_task(name="rooms.keep_recording")
def keep_recording(account_id: str, conference_id: str, switch: str, path: str) -> None:
    """What a switch recorded becomes a file of the account."""
    account = Account.objects.filter(id=account_id).first()
    if account is not None:
        with account_scope(account):
            keep_recorded(FileKind.RECORDING, path, switch=switch, name=f"conference-{conference_id}")
