"""Fetching one recorded file: from our own disk where the node is beside us, else the node PUTs it to us.

One try at a time: whoever tries first moves `next_try`, so that a task and the periodic one do not meet. A try that is
cut off, wherever it is, is made again when that moment has come.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from apps.foundation.accounts.scope import AccountUnknown, account_scope
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.foundation.storage.actions import note_failure, receive_file
from apps.foundation.storage.errors import StorageError
from apps.foundation.storage.models import FileState, StoredFile
from apps.foundation.storage.queries import find_file, upload_url
from apps.switching.calls import commands
from apps.switching.calls.models import RecordedFile
from apps.switching.esl.errors import EslError
from apps.switching.switches.configuration import LOCAL_NODE
from apps.switching.switches.lines import UnknownNode, run_api, run_job
from kazoo.environment import environment

log = logging.getLogger(__name__)

#: Longer than a try may take: an upload of an hour's recording over a slow line.
LEASE = timedelta(minutes=10)
UPLOAD_SECONDS = 540.0
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=6)
#: After so many days it is given up; the row stays, with its error, and so does the file on the switch.
GIVEN_UP_AFTER = timedelta(days=14)


class NotFetched(Exception):
    """Why the file is not here yet."""


class NotRemoved(Exception):
    """The switch's shell could not remove a file: its words."""


def due_files(most: int) -> list[tuple[str, str]]:
    """`(account id, file id)` of files whose time to be fetched has come, the longest awaited first."""
    due = RecordedFile.objects.filter(next_try__lte=now()).order_by("next_try")[:most]
    return list(due.values_list("account_id", "id"))


def fetch(account_id: str, file_id: str) -> bool:
    """Try once. True when the file is here (or not wanted any more), False when it has to be tried again."""
    row = _taken(file_id)
    if row is None:
        return True
    try:
        with account_scope(account_id):
            return _fetch(row)
    except AccountUnknown:  # deleted for a while, or for good: nothing of it is thrown away here
        _try_again(row, "the account is not there", of_file=False)
        return False


def _taken(file_id: str) -> RecordedFile | None:
    """The row, ours for a while; None where it is not due (somebody else has it) or gone."""
    mine = RecordedFile.objects.filter(id=file_id, next_try__lte=now()).update(next_try=now() + LEASE)
    return RecordedFile.objects.filter(id=file_id).first() if mine else None


def _fetch(row: RecordedFile) -> bool:
    file = find_file(row.id)
    if file is None:
        return _forget(row)
    try:
        if file.state != FileState.STORED:
            _bring(row, file)
        return _forget(row)
    except (EslError, UnknownNode, OSError, StorageError, NotFetched) as error:
        _try_again(row, f"{type(error).__name__}: {error}")
        return False


def _bring(row: RecordedFile, file: StoredFile) -> None:
    beside = _beside_us(row)
    if beside is not None:
        with beside.open("rb") as content:
            stored = receive_file(file.id, content)
    else:
        command = commands.http_put(upload_url(file), row.path)
        answer = run_job(row.switch, command.name, command.arguments, job_uuid=new_id(), timeout=UPLOAD_SECONDS)
        found = find_file(file.id)
        if found is None or found.state != FileState.STORED:
            raise NotFetched(f"{row.switch} answered {answer.text.strip()[:100]!r}")
        stored = found
    log.info("%s was fetched from %s: %d bytes, sha256 %s", stored, row.switch, stored.size, stored.sha256[:12])


def _beside_us(row: RecordedFile) -> Path | None:
    """The file where its node is the embedded one, whose disk is ours. Raises NotFetched where it is gone."""
    if row.switch != LOCAL_NODE or environment.switch_kind == "external":
        return None
    folder = recordings_folder().resolve()
    path = Path(row.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise NotFetched(f"{row.path} is not in the recordings folder of {row.switch}")
    return path


def recordings_folder() -> Path:
    """Where the node that runs beside this installation records."""
    return environment.home / "freeswitch" / "recordings"


def _forget(row: RecordedFile) -> bool:
    """The switch's copy is not needed any more. Where it cannot be removed now, it is tried again."""
    try:
        beside = _beside_us(row)
        if beside is not None:
            beside.unlink(missing_ok=True)
        else:
            command = commands.remove_recording(row.path)
            answer = run_api(row.switch, command.name, command.arguments)
            if not answer.ok:
                raise NotRemoved(answer.text.strip())
    except NotFetched:
        pass  # it is gone already
    except (EslError, UnknownNode, OSError, NotRemoved) as error:
        _try_again(row, f"{type(error).__name__}: {error}", of_file=False)
        return False
    RecordedFile.objects.filter(id=row.id).delete()
    return True


def _try_again(row: RecordedFile, error: str, *, of_file: bool = True) -> None:
    log.warning("recorded file %s of %s: %s", row.id, row.switch, error)
    attempts = row.attempts + 1
    wait = min(FIRST_WAIT * 2 ** min(attempts - 1, 16), LONGEST_WAIT)
    given_up = now() - row.created > GIVEN_UP_AFTER
    RecordedFile.objects.filter(id=row.id).update(
        attempts=attempts, error=error[:255], next_try=None if given_up else now() + wait
    )
    if of_file:
        note_failure(row.id, error)
