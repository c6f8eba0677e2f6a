"""Work for the switches that may take time or be tried again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from celery import shared_task

from apps.foundation.kit.clock import now
from apps.switching.calls import commands, fetching, jobs
from apps.switching.calls.commands import NodeCommand
from apps.switching.calls.models import LiveChannel
from apps.switching.esl.errors import ConnectionLost, EslError
from apps.switching.registrar.models import Registration
from apps.switching.switches.lines import UnknownNode, lines, run_api, run_job

log = logging.getLogger(__name__)
AWAITED_AT_ONCE = 200


@shared_task(name="calls.hang_up", autoretry_for=(EslError,), retry_backoff=True, max_retries=3)
def hang_up(account_id: str, uuid: str, cause: str = "NORMAL_CLEARING") -> None:
    """Hang a leg of the account up; one that has ended already is what was wanted."""
    _tell(account_id, uuid, commands.hang_up(uuid, cause))


@shared_task(name="calls.transfer")
def transfer(account_id: str, uuid: str, target: str, other_leg: bool = False) -> None:
    """Send a leg of the account, or the one it talks to, to another number. Not tried again: the first try may have got
    through, and the call gone on from there."""
    _tell(account_id, uuid, commands.transfer(uuid, target, other_leg=other_leg))


@shared_task(name="calls.sync_device", autoretry_for=(EslError,), retry_backoff=True, max_retries=3)
def sync_device(account_id: str, device_id: str) -> int:
    """NOTIFY the device's contacts to fetch their configuration. Answers how many nodes were told."""
    rows = _registered(account_id, device_id=device_id)
    for node, username, realm in rows:
        run_api(node, *_words(commands.check_sync(username, realm)))
    return len(rows)


@shared_task(name="calls.flush_registrations", autoretry_for=(EslError,), retry_backoff=True, max_retries=3)
def flush_registrations(account_id: str, username: str = "", realm: str = "") -> int:
    """Forget the account's contacts, or those of one of its users or in one realm. Answers how many users were
    flushed."""
    wanted = {"username": username, "realm": realm}
    rows = _registered(account_id, **{name: value for name, value in wanted.items() if value})
    for node, name, realm in rows:
        run_api(node, *_words(commands.flush_registration(name, realm)))
    return len(rows)


@shared_task(name="calls.originate", bind=True, max_retries=5)
def originate(
    self: Any, job_id: str, nodes: Sequence[str], arguments: str, timeout: int, *, until_answered: bool = True
) -> None:
    """Run `originate <arguments>` once, on the first of `nodes` that can be reached; `timeout` in seconds.

    Without `until_answered` the job is done when the node has been told: many phones ring at once, and keep no worker.
    Only what cannot have reached a switch is tried again: once the command may be there, the job is never begun anew.
    """
    if not jobs.begin(job_id):
        log.info("job %s was begun before", job_id)
        return
    for node in nodes:
        try:
            lines().use(node, _is_there, 1.0)
        except (EslError, UnknownNode) as error:
            log.warning("job %s: %s cannot be reached: %s", job_id, node, error)
            continue
        outcome = _originated(node, arguments, job_id, timeout) if until_answered else _begun(node, arguments)
        jobs.finish(job_id, outcome)
        return
    jobs.give_back(job_id)
    if self.request.retries >= self.max_retries or self.request.is_eager:
        jobs.finish(job_id, jobs.JobOutcome(ok=False, text="no switch can be reached"))
        return
    raise self.retry(countdown=2**self.request.retries)


@shared_task(name="calls.fetch_recorded")
def fetch_recorded(account_id: str, file_id: str) -> bool:
    """Fetch a file a switch recorded. Where that fails it is due again later, and the next task finds it."""
    return fetching.fetch(account_id, file_id)


@shared_task(name="calls.fetch_awaited")
def fetch_awaited() -> int:
    """Fetch what is due: files that could not be fetched before, and those of a task that never came to run."""
    due = fetching.due_files(AWAITED_AT_ONCE)
    for account_id, file_id in due:
        fetch_recorded.delay(account_id, file_id)
    return len(due)


async def _is_there(client: Any) -> None:
    if not client.connected:
        raise ConnectionLost("not connected")


def _originated(node: str, arguments: str, job_id: str, timeout: int) -> jobs.JobOutcome:
    try:
        result = run_job(node, "originate", arguments, job_uuid=job_id, timeout=timeout + 5.0)
    except EslError as error:
        return jobs.JobOutcome(ok=False, text=str(error))
    words = result.text.split()
    return jobs.JobOutcome(ok=result.ok, text=words[1] if len(words) > 1 else result.text.strip())


def _begun(node: str, arguments: str) -> jobs.JobOutcome:
    command = commands.in_background(NodeCommand("originate", arguments))
    try:
        result = run_api(node, *_words(command))
    except EslError as error:
        return jobs.JobOutcome(ok=False, text=str(error))
    return jobs.JobOutcome(ok=result.ok, text=result.text.strip())


def _tell(account_id: str, uuid: str, command: NodeCommand) -> None:
    node = LiveChannel.objects.filter(account_id=account_id, uuid=uuid).values_list("switch", flat=True).first()
    if node is None:
        return
    answer = run_api(node, *_words(command))
    if not answer.ok:
        log.info("%s %s: %s", command.name, uuid, answer.text.strip())


def _words(command: NodeCommand) -> tuple[str, str]:
    return command.name, command.arguments


def _registered(account_id: str, **conditions: str) -> list[tuple[str, str, str]]:
    rows = Registration.objects.filter(account_id=account_id, expires__gt=now(), **conditions)
    return sorted(set(rows.values_list("switch", "username", "realm")))
