"""Files of an account: what is written is what is read, whose it is, and what becomes of it with its account."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from apps.foundation.accounts.actions import move_account
from apps.foundation.accounts.actions.lifecycle import hard_delete_account
from apps.foundation.accounts.scope import ScopeRequired, account_scope
from apps.foundation.kit.clock import now
from apps.foundation.storage import actions, addresses, arrivals, queries
from apps.foundation.storage.addresses import FileAddress
from apps.foundation.storage.errors import BadFileAddress, FileTooLarge, NotStored
from apps.foundation.storage.models import FileState, StoredFile
from tests.cast import Tree

pytestmark = pytest.mark.django_db
SOUND = bytes(range(256)) * 1000


@pytest.fixture(autouse=True)
def folder(settings: object, tmp_path: Path) -> Iterator[Path]:
    """A storage of the test's own."""
    settings.STORAGES = {  # type: ignore[attr-defined]
        **settings.STORAGES,  # type: ignore[attr-defined]
        "files": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    yield tmp_path
    storages._storages.clear()


def stored(tree: Tree, content: bytes = SOUND) -> StoredFile:
    with account_scope(tree.bakery):
        return actions.store_file("media", "Hello.wav", "audio/wav", content)


def test_what_was_written_is_read(tree: Tree, folder: Path) -> None:
    file = stored(tree)
    assert (file.size, file.sha256, file.state) == (len(SOUND), hashlib.sha256(SOUND).hexdigest(), FileState.STORED)
    assert file.path == f"{tree.bakery.id}/media/{now():%Y%m}/{file.id}.wav"
    assert (folder / file.path).read_bytes() == SOUND
    assert actions.read_file(file) == SOUND


def test_a_stream_is_written_and_read_in_part(tree: Tree) -> None:
    with account_scope(tree.bakery):
        file = actions.store_file("recording", "long", "audio/mpeg", io.BytesIO(SOUND * 30))
        with actions.open_file(file) as opened:
            assert b"".join(actions.chunks(opened, 255, 70_000)) == (SOUND * 30)[255:70_001]
    assert file.path.endswith(".mp3")


def test_too_much_leaves_nothing_behind(tree: Tree, folder: Path) -> None:
    with account_scope(tree.bakery), pytest.raises(FileTooLarge):
        actions.store_file("media", "x", "audio/wav", io.BytesIO(SOUND), limit=len(SOUND) - 1)
    assert not [path for path in folder.rglob("*") if path.is_file()]
    with account_scope(tree.bakery):
        assert not StoredFile.objects.exists()


def test_a_file_is_found_in_its_own_account_only(tree: Tree) -> None:
    file = stored(tree)
    for other in (tree.clinic, tree.harbour, tree.north):
        with account_scope(other):
            assert queries.find_file(file.id) is None
    with pytest.raises(ScopeRequired):
        queries.find_file(file.id)


def test_deleting_removes_the_bytes_with_the_commit(
    tree: Tree, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    file = stored(tree)
    with account_scope(tree.bakery):
        with django_capture_on_commit_callbacks(execute=True):
            actions.delete_file(file)
            assert (folder / file.path).exists(), "the row's removal could still be undone"
        assert not (folder / file.path).exists()
        with pytest.raises(NotStored):
            actions.open_file(file)


def test_files_follow_their_account_to_another_schema(tree: Tree, folder: Path) -> None:
    file = stored(tree)
    move_account(tree.bakery, tree.south, tree.principal)
    with account_scope(tree.bakery.id):
        found = queries.find_file(file.id)
        assert found is not None
        assert actions.read_file(found) == SOUND
    assert (folder / file.path).exists()


def test_a_removed_account_leaves_no_file(tree: Tree, folder: Path, django_capture_on_commit_callbacks: Any) -> None:
    with account_scope(tree.clinic):
        file = actions.store_file("media", "x", "audio/wav", SOUND)
    with django_capture_on_commit_callbacks(execute=True):
        hard_delete_account(tree.clinic, tree.principal)
    assert not (folder / file.path).exists()


def test_an_awaited_file_arrives_once_and_whoever_waits_is_told(tree: Tree) -> None:
    told: list[str] = []

    def note(file: StoredFile) -> None:
        told.append(file.id)

    arrivals.when_stored("voicemail", note)
    try:
        with account_scope(tree.bakery):
            file = actions.await_file("voicemail", "message", "audio/wav")
            with pytest.raises(NotStored):
                actions.open_file(file)
            actions.note_failure(file.id, "the node is away")
            failed = queries.find_file(file.id)
            assert failed is not None
            assert (failed.state, failed.error, failed.attempts) == (FileState.FAILED, "the node is away", 1)
            first = actions.receive_file(file.id, SOUND)
            again = actions.receive_file(file.id, b"something else")
            actions.note_failure(file.id, "too late")
            assert again.sha256 == first.sha256 == hashlib.sha256(SOUND).hexdigest()
            assert queries.is_stored(file.id)
    finally:
        arrivals.forget("voicemail", note)
    assert told == [file.id]


def test_an_address_holds_for_its_file_and_purpose_until_it_expires(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stored(tree)
    url = queries.switch_url(file)
    token = url.rpartition("/")[2].removesuffix(".wav")
    assert addresses.read_token(token) == FileAddress(tree.bakery.id, file.id, "r")
    assert queries.switch_url(file) == url, "the switch keeps what it has fetched by its address"
    account, file_id, purpose, day, signature = token.split(".")
    for forged in (
        f"{tree.harbour.id}.{file_id}.{purpose}.{day}.{signature}",
        f"{account}.{'0' * 32}.{purpose}.{day}.{signature}",
        f"{account}.{file_id}.w.{day}.{signature}",
        f"{account}.{file_id}.{purpose}.{int(day) + 7}.{signature}",
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "",
        "../" + token,
    ):
        with pytest.raises(BadFileAddress):
            addresses.read_token(forged)
    monkeypatch.setattr(addresses, "now", lambda: now() + timedelta(days=6))
    addresses.read_token(token)
    monkeypatch.setattr(addresses, "now", lambda: now() + timedelta(days=15))
    with pytest.raises(BadFileAddress, match="expired"):
        addresses.read_token(token)
