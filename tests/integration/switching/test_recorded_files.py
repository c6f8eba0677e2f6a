"""What a switch recorded is fetched: once, whatever breaks in between, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from kombu.exceptions import OperationalError

from apps.foundation.accounts.scope import account_scope
from apps.foundation.kit.clock import now
from apps.foundation.storage import arrivals
from apps.foundation.storage.actions import read_file, receive_file
from apps.foundation.storage.models import FileState, StoredFile
from apps.foundation.storage.queries import find_file
from apps.switching.calls import fetching, files, tasks
from apps.switching.calls.dial_string import UnsafeValue
from apps.switching.calls.models import RecordedFile
from apps.switching.esl.errors import ConnectionLost
from apps.switching.esl.peer import ApiResult, JobResult
from apps.switching.switches.configuration import LOCAL_NODE
from tests.company import Company

pytestmark = pytest.mark.django_db
SOUND = b"RIFF" + bytes(5000)
FAR = "/var/lib/freeswitch/recordings/a/1.wav"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    place = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = {**settings.STORAGES, "files": place}
    yield
    storages._storages.clear()


@pytest.fixture(autouse=True)
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Tasks that were asked for; they are run by the test."""
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks.fetch_recorded, "delay", lambda *arguments: asked.append(arguments))
    return asked


@pytest.fixture
def recordings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    monkeypatch.setattr(fetching, "recordings_folder", lambda: folder)
    return folder


class Node:
    """A node elsewhere: `put` is what happens when it is told to send, None for being away."""

    def __init__(self) -> None:
        self.put: Callable[[], str] | None = None
        self.told: list[str] = []

    def run_job(self, node: str, command: str, arguments: str, **_: Any) -> JobResult:
        self.told.append(f"{command} {arguments.partition(' ')[2]}")
        if self.put is None:
            raise ConnectionLost("away")
        return JobResult(True, self.put(), "job")

    def run_api(self, node: str, command: str, arguments: str) -> ApiResult:
        self.told.append(f"{command} {arguments}")
        if self.put is None:
            raise ConnectionLost("away")
        return ApiResult(True, "+OK")


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    made = Node()
    monkeypatch.setattr(fetching, "run_job", made.run_job)
    monkeypatch.setattr(fetching, "run_api", made.run_api)
    return made


def keep(company: Company, path: str, switch: str) -> StoredFile:
    with account_scope(company.tree.bakery):
        return files.keep_recorded("voicemail", path, switch=switch, name="Message")


def fresh(file: StoredFile) -> StoredFile:
    with account_scope(file.account_id):
        found = find_file(file.id)
        assert found is not None
        return found


def row_of(file: StoredFile) -> RecordedFile | None:
    return RecordedFile.objects.filter(id=file.id).first()


def later(file: StoredFile) -> None:
    """The moment of the next try has come."""
    RecordedFile.objects.filter(id=file.id).update(next_try=now() - timedelta(seconds=1))


def test_a_file_of_the_node_beside_us_is_read_from_its_disk(company: Company, recordings: Path) -> None:
    path = recordings / "1.wav"
    path.write_bytes(SOUND)
    file = keep(company, str(path), LOCAL_NODE)
    with account_scope(company.tree.bakery):
        assert files.playable(file) == str(path)
    told: list[str] = []
    arrivals.when_stored("voicemail", hear := lambda stored: told.append(stored.id))
    try:
        assert fetching.fetch(file.account_id, file.id)
    finally:
        arrivals.forget("voicemail", hear)
    found = fresh(file)
    assert (found.state, found.size, told) == (FileState.STORED, len(SOUND), [file.id])
    assert not path.exists()
    assert row_of(file) is None
    with account_scope(company.tree.bakery):
        assert read_file(found) == SOUND
        assert files.playable(found).startswith("http://")


def test_the_task_is_asked_for_with_the_commit(
    company: Company, queued: list[tuple[str, ...]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        file = keep(company, FAR, "fs2")
        assert queued == []
    assert queued == [(file.account_id, file.id)]


def test_a_task_that_never_came_to_run_is_made_up_for(
    company: Company,
    queued: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def away(*_: str) -> None:
        raise OperationalError("no broker")

    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(tasks.fetch_recorded, "delay", away)
        file = keep(company, FAR, "fs2")
    assert queued == []
    assert tasks.fetch_awaited() == 1
    assert queued == [(file.account_id, file.id)]


def test_a_node_elsewhere_sends_its_file_and_is_told_to_remove_it(company: Company, node: Node) -> None:
    file = keep(company, FAR, "fs2")

    def send() -> str:
        receive_file(file.id, SOUND)
        return "+OK 204"

    node.put = send
    assert fetching.fetch(file.account_id, file.id)
    assert node.told == [f"http_put {FAR}", f"system rm -f {FAR} && echo +OK"]
    assert fresh(file).state == FileState.STORED
    assert row_of(file) is None


def test_what_fails_is_seen_and_tried_again(company: Company, node: Node, queued: list[tuple[str, ...]]) -> None:
    file = keep(company, FAR, "fs2")
    assert not fetching.fetch(file.account_id, file.id)
    failed, row = fresh(file), row_of(file)
    assert (failed.state, failed.attempts) == (FileState.FAILED, 1)
    assert "away" in failed.error
    assert row is not None
    assert row.next_try is not None
    assert row.next_try > now()
    assert tasks.fetch_awaited() == 0, "not before its time"
    later(file)
    assert tasks.fetch_awaited() == 1
    node.put = lambda: "-ERR 500"
    assert not fetching.fetch(file.account_id, file.id)
    assert fresh(file).attempts == 2
    node.put = lambda: receive_file(file.id, SOUND).id
    later(file)
    assert fetching.fetch(file.account_id, file.id)
    stored = fresh(file)
    assert (stored.state, stored.error) == (FileState.STORED, "")


def test_a_crash_after_the_upload_costs_nothing(company: Company, node: Node) -> None:
    """The file came, and whoever had asked for it died before the switch was told to remove its copy."""
    file = keep(company, FAR, "fs2")
    with account_scope(company.tree.bakery):
        receive_file(file.id, SOUND)
    node.put = lambda: pytest.fail("it is here already")
    assert fetching.fetch(file.account_id, file.id)
    assert node.told == [f"system rm -f {FAR} && echo +OK"]


def test_two_who_try_at_once_do_not_meet(company: Company, node: Node) -> None:
    file = keep(company, FAR, "fs2")

    def send() -> str:
        assert fetching.fetch(file.account_id, file.id), "the second leaves it to the first"
        receive_file(file.id, SOUND)
        return "+OK"

    node.put = send
    assert fetching.fetch(file.account_id, file.id)
    assert [command.partition(" ")[0] for command in node.told] == ["http_put", "system"]


def test_it_is_given_up_after_two_weeks_and_stays_to_be_seen(company: Company, node: Node) -> None:
    file = keep(company, FAR, "fs2")
    RecordedFile.objects.filter(id=file.id).update(created=now() - timedelta(days=15))
    assert not fetching.fetch(file.account_id, file.id)
    row = row_of(file)
    assert row is not None
    assert (row.next_try, tasks.fetch_awaited()) == (None, 0)
    assert fresh(file).state == FileState.FAILED


def test_what_nobody_wants_any_more_is_removed_from_the_switch(company: Company, node: Node) -> None:
    file = keep(company, FAR, "fs2")
    with account_scope(company.tree.bakery):
        files.drop_recorded(file)
    node.put = lambda: pytest.fail("nobody wants it")
    assert tasks.fetch_awaited() == 1
    assert fetching.fetch(file.account_id, file.id)
    assert node.told == [f"system rm -f {FAR} && echo +OK"]
    assert row_of(file) is None


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/x/recordings/../../etc/passwd",
        "/x/recordings/a b.wav",
        "/x/recordings/$(reboot).wav",
        "/x/recordings/a.wav;reboot",
        "/x/recordings/a.wav\nsystem reboot",
        "recordings/a.wav",
        "/x/recordings/" + "a" * 2000,
    ],
)
def test_a_path_that_is_no_recording_is_refused(company: Company, path: str) -> None:
    with pytest.raises(UnsafeValue):
        keep(company, path, LOCAL_NODE)


def test_a_link_out_of_the_recordings_leads_nowhere(company: Company, recordings: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    (recordings / "link.wav").symlink_to(secret)
    file = keep(company, str(recordings / "link.wav"), LOCAL_NODE)
    assert not fetching.fetch(file.account_id, file.id)
    assert fresh(file).state == FileState.FAILED
    assert secret.exists()
