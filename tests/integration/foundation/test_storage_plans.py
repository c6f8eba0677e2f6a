"""Storage plans: who says where a file goes, and that nothing is lost on the way there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import storages
from django.test import Client

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.crossbar.errors import Conflict, ValidationFailed
from apps.foundation.kit.clock import now
from apps.foundation.storage import actions as files
from apps.foundation.storage import copying, links, moving, tasks, testing
from apps.foundation.storage.errors import NotStored
from apps.foundation.storage.models import AttachmentError, StoredFile
from apps.foundation.storage_plans import actions
from apps.foundation.storage_plans.documents import MASK
from apps.foundation.storage_plans.models import AwaitedCopy, AwaitedRemoval, StorageHandler, StorageSettings
from apps.foundation.storage_plans.queries import placement
from tests.cast import Tree
from tests.storage_servers import ADDRESS, WebFolder, web_folder

pytestmark = pytest.mark.django_db
SOUND = bytes(range(256)) * 10_000
ONE, TWO = "1" * 32, "2" * 32


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """Disks of the test's own."""
    options = {"location": tmp_path / "files"}
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "files": backend}
    settings.STORAGE_DIRECTORY = tmp_path / "storage"
    settings.OUTBOUND_ALLOWED = (f"{ADDRESS}/32",)
    yield tmp_path
    storages._storages.clear()


@pytest.fixture
def server() -> Iterator[WebFolder]:
    with web_folder() as found:
        yield found


def on_disk(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


def web(server: WebFolder, **settings: Any) -> dict[str, Any]:
    return {"handler": "http", "settings": {"url": f"{server.url}/archive", **settings}}


def plan_for(database: str = "modb", type_: str = "call_recording", **rule: Any) -> dict[str, Any]:
    return {database: {"types": {type_: {"attachments": {"handler": ONE, **rule}}}}}


def planned(account: Account, tree: Tree, document: dict[str, Any], *, try_out: bool = False) -> StorageSettings:
    with account_scope(account):
        found = StorageSettings.objects.filter(id=account.id).first()
        if found is not None:
            return actions.replace_storage(found, document, tree.principal, try_out=try_out)
        return actions.create_storage(document, tree.principal, try_out=try_out)


def recorded(account: Account, kind: str = "recording", content: bytes = SOUND) -> StoredFile:
    with account_scope(account):
        return files.store_file(kind, "Call.wav", "audio/wav", content)


def current(file: StoredFile) -> StoredFile:
    with account_scope(file.account_id):
        found: StoredFile = StoredFile.objects.get(id=file.id)
        return found


def in_time() -> None:
    """The next tries' time has come."""
    AwaitedCopy.objects.update(next_try=now())
    AwaitedRemoval.objects.update(next_try=now())


def test_a_file_goes_where_the_plan_says(
    tree: Tree, server: WebFolder, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    file, other = recorded(tree.bakery), recorded(tree.bakery, "media")
    assert not server.files
    with account_scope(tree.bakery):
        assert files.read_file(file) == SOUND, "it is here until it is there"
        with django_capture_on_commit_callbacks(execute=True):
            tasks.copy_due()
        kept = current(file)
        path = f"/archive/{tree.bakery.id}/{now():%Y/%m}/recording/{file.id}.wav"
        assert server.files == {path: SOUND}
        assert server.headers[path]["x-content-sha256"] == file.sha256
        assert files.read_file(kept) == SOUND
        assert files.read_file(file) == SOUND, "also by a row that was read before"
        with files.open_file(kept) as opened:
            assert b"".join(files.chunks(opened, 1_500_000, 1_500_099)) == SOUND[1_500_000:1_500_100]
        assert [path.stem for path in on_disk(folder)] == [other.id], "what is there is here no more"
    assert not AwaitedCopy.objects.exists()


def test_what_an_account_does_not_say_is_said_above(tree: Tree, server: WebFolder) -> None:
    planned(tree.master, tree, {"attachments": {ONE: {"handler": "local"}}, "plan": plan_for(type_="fax")})
    planned(tree.north, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    own = {"handler": "local", "name": "Own"}
    planned(tree.bakery, tree, {"attachments": {TWO: own}, "plan": plan_for(type_="mailbox_message", handler=TWO)})

    def owners(account: Account) -> list[str]:
        with account_scope(account):
            return [next((t.handler.account_id for t in placement(kind).targets), "") for kind in
                    ("voicemail", "recording", "fax", "media")]  # fmt: skip

    assert owners(tree.branch) == [tree.bakery.id, tree.north.id, tree.master.id, ""]
    assert owners(tree.clinic) == ["", tree.north.id, tree.master.id, ""]
    assert owners(tree.harbour) == ["", "", tree.master.id, ""]
    planned(tree.branch, tree, {"plan": plan_for(handler="local")})
    assert owners(tree.branch)[1] == "", "files of the branch stay here"


def test_a_storage_that_fails_is_tried_again_and_loses_nothing(tree: Tree, server: WebFolder, folder: Path) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    file = recorded(tree.bakery)
    server.broken = 503
    for attempt in (1, 2):
        in_time()
        assert not copying.copy(tree.bakery.id, file.id)
        with account_scope(tree.bakery):
            error = AttachmentError.objects.get()
            assert (error.file_id, error.handler_key, error.status, error.attempts) == (file.id, ONE, 503, attempt)
            assert error.reason == "The storage answered 503: the cellar is flooded"
            assert files.read_file(file) == SOUND
    waits = AwaitedCopy.objects.get().next_try - now()
    assert timedelta(minutes=1) < waits < timedelta(minutes=3)
    assert copying.copy(tree.bakery.id, file.id), "not due: somebody else's"
    server.broken = 0
    in_time()
    assert copying.copy(tree.bakery.id, file.id)
    with account_scope(tree.bakery):
        assert AttachmentError.objects.get().resolved is not None
        assert files.read_file(current(file)) == SOUND


def test_what_comes_back_damaged_is_not_believed(tree: Tree, server: WebFolder) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    file = recorded(tree.bakery)
    server.damages = True
    assert not copying.copy(tree.bakery.id, file.id)
    with account_scope(tree.bakery):
        assert files.read_file(current(file)) == SOUND
        assert "not what was given" in AttachmentError.objects.get().reason
    assert not server.files, "and what was damaged is removed"


def test_the_second_choice_stands_in_and_the_first_catches_up(
    tree: Tree, server: WebFolder, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    attachments = {ONE: web(server), TWO: {"handler": "local", "settings": {"path_template": "{day}/{attachment}"}}}
    planned(tree.bakery, tree, {"attachments": attachments, "plan": plan_for(fallback=TWO)})
    server.broken = 500
    file = recorded(tree.bakery)
    with django_capture_on_commit_callbacks(execute=True):
        assert not copying.copy(tree.bakery.id, file.id)
    second = folder / "storage" / tree.bakery.id / f"{now():%d}" / f"{file.id}.wav"
    assert second.read_bytes() == SOUND
    assert not on_disk(folder)
    with account_scope(tree.bakery):
        assert files.read_file(current(file)) == SOUND
        assert AttachmentError.objects.get().handler_key == ONE
    server.broken = 0
    in_time()
    tasks.copy_due()
    assert list(server.files.values()) == [SOUND]
    assert not second.exists(), "it was removed when the first one had it"
    with account_scope(tree.bakery):
        assert files.read_file(current(file)) == SOUND
    assert not AwaitedCopy.objects.exists()


def test_a_storage_that_is_away_is_no_file(tree: Tree, server: WebFolder) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    file = recorded(tree.bakery)
    assert copying.copy(tree.bakery.id, file.id)
    server.broken = 503
    with account_scope(tree.bakery), pytest.raises(NotStored):
        files.open_file(current(file))


def test_deleting_a_file_removes_it_there_even_later(tree: Tree, server: WebFolder) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    file = recorded(tree.bakery)
    assert copying.copy(tree.bakery.id, file.id)
    with account_scope(tree.bakery):
        files.delete_file(file)
    server.broken = 503
    tasks.copy_due()
    assert server.files
    assert AwaitedRemoval.objects.get().attempts == 1
    server.broken = 0
    in_time()
    tasks.copy_due()
    assert not server.files
    assert not AwaitedRemoval.objects.exists()


def test_a_file_deleted_while_it_is_copied_leaves_nothing(
    tree: Tree, server: WebFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    file = recorded(tree.bakery)
    verify = copying._verify

    def verify_and_delete(*args: Any) -> None:
        verify(*args)
        with account_scope(tree.bakery):
            files.delete_file(file)

    monkeypatch.setattr(copying, "_verify", verify_and_delete)
    assert copying.copy(tree.bakery.id, file.id)
    tasks.copy_due()
    assert not server.files


class Killed(BaseException):
    """The worker is gone in the middle of its work."""


@pytest.mark.parametrize("where", ["open_bytes", "_verify", "_settle", "remove_later", "publish"])
@pytest.mark.parametrize("after", [False, True])
def test_a_worker_killed_anywhere_leaves_one_whole_file(
    tree: Tree,
    server: WebFolder,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    where: str,
    after: bool,
) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    file = recorded(tree.bakery)
    real = getattr(copying, where)

    def killed(*args: Any, **more: Any) -> None:
        if after:
            real(*args, **more)
        raise Killed

    monkeypatch.setattr(copying, where, killed)
    with pytest.raises(Killed), django_capture_on_commit_callbacks(execute=True):
        copying.copy(tree.bakery.id, file.id)
    with account_scope(tree.bakery):
        assert files.read_file(current(file)) == SOUND, "at no moment it is nowhere"
    monkeypatch.undo()
    assert copying.copy(tree.bakery.id, file.id), "nobody touches it while its time runs"
    in_time()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.copy_due()
    assert list(server.files.values()) == [SOUND]
    with account_scope(tree.bakery):
        assert files.read_file(current(file)) == SOUND
    assert not AwaitedCopy.objects.exists()
    assert not on_disk(folder)
    assert not AwaitedRemoval.objects.exists()


def test_a_move_brings_old_files_along(tree: Tree, server: WebFolder, folder: Path) -> None:
    old = [recorded(tree.bakery, content=bytes([n]) * 1000) for n in range(5)]
    recorded(tree.bakery, "media")
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    with account_scope(tree.bakery):
        move = moving.start_move([], tree.principal)
        assert moving.progress(move) | {"id": "", "created": 0} == {
            "id": "", "kinds": [], "state": "running", "created": 0, "total": 5, "failed": 0, "moved": 0, "percent": 0,
        }  # fmt: skip
        with pytest.raises(Conflict):
            moving.start_move([], tree.principal)
        for file in old[:2]:
            copying.copy(tree.bakery.id, file.id)
        assert (moving.progress(move)["moved"], moving.progress(move)["percent"]) == (2, 40)
        tasks.copy_due()
        assert moving.progress(move)["state"] == "done"
        assert [files.read_file(current(file)) for file in old] == [bytes([n]) * 1000 for n in range(5)]
        assert len(server.files) == 5
        planned(tree.bakery, tree, {"attachments": {ONE: web(server)}})
        back = moving.start_move(["recording"], tree.principal)
        tasks.copy_due()
        assert moving.progress(back)["percent"] == 100
        assert not server.files, "back home"
        assert [files.read_file(current(file)) for file in old] == [bytes([n]) * 1000 for n in range(5)]
        actions_done = list(AuditEntry.objects.values_list("action", flat=True))
        assert actions_done.count("storage.move_started") == 2


def test_another_place_is_another_handler_and_old_files_are_still_read(tree: Tree, server: WebFolder) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server, password="old", username="u")}, "plan": plan_for()})
    file = recorded(tree.bakery)
    assert copying.copy(tree.bakery.id, file.id)
    planned(tree.bakery, tree, {"attachments": {ONE: web(server, password="new", username="u")}, "plan": plan_for()})
    row = StorageHandler.objects.get(id=current(file).handler_id)
    assert (row.retired, row.secrets) == (None, {"password": "new"}), "a new password is for old files too"
    planned(tree.bakery, tree, {"attachments": {ONE: {"handler": "local"}}, "plan": plan_for()})
    row.refresh_from_db()
    assert row.retired is not None
    with account_scope(tree.bakery):
        assert files.read_file(current(file)) == SOUND


def test_secrets_are_encrypted_and_never_shown(tree: Tree, server: WebFolder) -> None:
    storage = planned(tree.bakery, tree, {"attachments": {ONE: web(server, username="u", password="sesame")}})
    with account_scope(tree.bakery):
        storage.refresh_from_db()
    row = StorageHandler.objects.get()
    assert "sesame" not in f"{storage.document} {row.settings} {row.secrets_encrypted}"
    shown = storage.to_document()
    assert shown["attachments"][ONE]["settings"]["password"] == MASK
    planned(tree.bakery, tree, shown | {"plan": plan_for()})
    row.refresh_from_db()
    assert row.secrets == {"password": "sesame"}, "a mask leaves it as it is"
    with account_scope(tree.bakery):
        assert "sesame" not in str(list(AuditEntry.objects.values()))


def test_links_lead_to_what_is_shared_above(tree: Tree, server: WebFolder) -> None:
    link = {"handler": "link", "settings": {"account_id": tree.north.id, "handler_id": ONE}}
    document = {"attachments": {ONE: link}, "plan": plan_for()}
    planned(tree.north, tree, {"attachments": {ONE: web(server)}})
    with pytest.raises(ValidationFailed):
        planned(tree.bakery, tree, document)
    planned(tree.north, tree, {"attachments": {ONE: {**web(server), "shared": True}}})
    with pytest.raises(ValidationFailed):
        planned(tree.harbour, tree, document)
    planned(tree.bakery, tree, document)
    file = recorded(tree.bakery)
    assert copying.copy(tree.bakery.id, file.id)
    assert StorageHandler.objects.get(id=current(file).handler_id).account_id == tree.north.id
    with account_scope(tree.bakery):
        assert files.read_file(current(file)) == SOUND


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"attachments": {ONE: {"handler": "tape"}}}, f"attachments.{ONE}.handler"),
        ({"attachments": {ONE: {"handler": "s3", "settings": {"bucket": "x1y"}}}}, f"attachments.{ONE}.settings.key"),
        ({"attachments": {ONE: {"handler": "local", "settings": {"path_template": "{kind}"}}}},
         f"attachments.{ONE}.settings"),
        ({"plan": {"modb": {"attachments": {"handler": TWO}}}}, "plan.modb.attachments.handler"),
        ({"plan_id": TWO}, "plan_id"),
        ({"connections": {ONE: {"driver": "kazoo_couch"}}}, f"connections.{ONE}"),
        ({"attachments": {ONE: {"handler": "http", "settings": {"url": "http://10.0.0.1/"}}}},
         f"attachments.{ONE}.settings"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(tree: Tree, document: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        planned(tree.bakery, tree, document, try_out=True)
    assert path in refused.value.violations
    assert not StorageHandler.objects.exists()


def test_trying_out_says_what_failed(tree: Tree, server: WebFolder) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()}, try_out=True)
    assert not server.files
    with account_scope(tree.bakery):
        assert testing.test_kinds()["recording"][0]["ok"]
        server.broken = 403
        assert testing.test_source(tree.bakery.id)[ONE] == {
            "name": ONE, "handler": "http", "inherited": False, "ok": False, "step": "write", "resp_code": 403,
            "message": "The storage answered 403: the cellar is flooded",
        }  # fmt: skip
        server.broken, server.deletes = 0, False
        told = testing.test_source(tree.bakery.id)[ONE]
        assert (told["ok"], "does not remove" in told["warning"]) == (True, True)


def test_removing_an_account_removes_its_files_there(
    tree: Tree, server: WebFolder, django_capture_on_commit_callbacks: Any
) -> None:
    from apps.foundation.accounts.actions.lifecycle import hard_delete_account

    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    file = recorded(tree.bakery)
    assert copying.copy(tree.bakery.id, file.id)
    hard_delete_account(tree.branch, tree.principal)
    with django_capture_on_commit_callbacks(execute=True):
        hard_delete_account(tree.bakery, tree.principal)
    assert not server.files
    assert not StorageHandler.objects.exists()


def test_a_hold_keeps_what_is_deleted_until_it_is_lifted(tree: Tree, server: WebFolder, folder: Path) -> None:
    document = {"attachments": {ONE: web(server)}, "plan": plan_for()}
    planned(tree.bakery, tree, document)
    planned(tree.north, tree, {"legal_hold": {"kinds": ["recording"], "reason": "Case 7"}})
    file, fax, elsewhere = recorded(tree.bakery), recorded(tree.bakery, "fax"), recorded(tree.harbour)
    assert copying.copy(tree.bakery.id, file.id)
    for each in (file, fax, elsewhere):
        with account_scope(each.account_id):
            files.delete_file(each)
            assert not StoredFile.objects.filter(id=each.id).exists()
    tasks.expire()
    tasks.copy_due()
    assert list(server.files.values()) == [SOUND]
    with account_scope(tree.bakery):
        kept = StoredFile.across_accounts.get(account_id=tree.bakery.id)
        assert (kept.id, files.read_file(kept)) == (file.id, SOUND)
    planned(tree.north, tree, {"legal_hold": {"kinds": ["recording"], "enabled": False}})
    assert tasks.expire() == 1
    tasks.copy_due()
    assert not server.files
    with account_scope(tree.bakery):
        assert not StoredFile.across_accounts.filter(account_id=tree.bakery.id).exists()


def test_files_grow_old_by_kind(tree: Tree, server: WebFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for(type_="fax", retention_days=30)})
    old, young, other = recorded(tree.bakery, "fax"), recorded(tree.bakery, "fax"), recorded(tree.bakery)
    with account_scope(tree.bakery):
        StoredFile.objects.filter(id__in=[old.id, other.id]).update(created=now() - timedelta(days=31))
        assert tasks.expire() == 1
        assert set(StoredFile.objects.values_list("id", flat=True)) == {young.id, other.id}
        assert AuditEntry.objects.filter(action="file.expired", target_id=old.id).exists()


def test_a_link_gives_a_file_to_whoever_has_it_and_is_audited(
    tree: Tree, server: WebFolder, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(tree.bakery, tree, {"attachments": {ONE: web(server)}, "plan": plan_for()})
    file = recorded(tree.bakery)
    assert copying.copy(tree.bakery.id, file.id)
    url = links.link_to(current(file), tree.principal, name="Call.wav", seconds=60)
    path = urlsplit(url).path
    assert path.endswith(".wav")
    whole = client.get(path)
    assert (whole.status_code, b"".join(whole.streaming_content)) == (200, SOUND)
    assert whole.headers["Cache-Control"] == "private, no-store"
    part = client.get(path, headers={"Range": "bytes=1500000-1500009"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, SOUND[1_500_000:1_500_010])
    assert part.headers["Content-Range"] == f"bytes 1500000-1500009/{len(SOUND)}"
    assert client.get(path, headers={"Range": f"bytes={len(SOUND)}-"}).status_code == 416
    with account_scope(tree.bakery):
        entry = AuditEntry.objects.get(action="file.downloaded")
        assert (entry.actor_account_id, entry.target_id) == (tree.master.id, file.id)
    assert client.get(path[:-8] + "xxxx.wav").status_code == 403
    assert client.post(path).status_code == 405
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 61)
    assert client.get(path).status_code == 403
    monkeypatch.undo()
    with account_scope(tree.bakery):
        files.delete_file(file)
    assert client.get(path).status_code == 404
