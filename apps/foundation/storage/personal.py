"""What is kept of one person: everything of it in one file, or gone.

Apps tell what they have of a person, in `AppConfig.ready`:

    register_personal("recordings", PersonalData(recordings_of, erase_recordings_of))

Documents that name the person as their owner (devices, mailboxes, callflows …) are found by themselves. An export is a
stored file of kind `export`, awaited until it is made; it is named after the person, and removed after a week.
"""

from __future__ import annotations

import json
import logging
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Any

from celery import current_app
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.foundation.accounts.scope import current_account_id, hold_account
from apps.foundation.audit.actions import record
from apps.foundation.documents.models import Document
from apps.foundation.identity.principal import Principal, system_principal
from apps.foundation.kit.clock import now
from apps.foundation.storage.actions import await_file, delete_file, open_file, receive_file
from apps.foundation.storage.errors import NotStored
from apps.foundation.storage.models import FileKind, FileState, StoredFile
from apps.foundation.storage.places import attachment_name
from apps.foundation.storage.queries import find_file
from apps.foundation.storage_plans.backend import pieces

log = logging.getLogger(__name__)
#: How long an export can be fetched.
KEPT_FOR = timedelta(days=7)
#: A row's document, and the ids of its files.
Found = tuple[dict[str, Any], list[str]]


@dataclass(frozen=True, slots=True)
class PersonalData:
    """`collect` gives what there is of a user; `erase` removes it for good and answers how many. Both run in the
    account's scope. None: what has to be kept (call records are what bills are made of)."""

    collect: Callable[[str], Iterable[Found]]
    erase: Callable[[str, Principal], int] | None = None


_registered: dict[str, PersonalData] = {}


def register_personal(name: str, data: PersonalData) -> None:
    """`name` is the folder in the export. The last one counts."""
    _registered[name] = data


def is_known(user_id: str) -> bool:
    """Whether the scope's account has such a user."""
    return bool(get_user_model()._default_manager.filter(pk=user_id).exists())


@transaction.atomic
def start_export(user_id: str, principal: Principal) -> StoredFile:
    """The file that the export will be."""
    file = await_file(FileKind.EXPORT, user_id, "application/zip")
    record(principal, "person.exported", "user", user_id, {}, {"export_id": file.id})
    transaction.on_commit(partial(_hand_over, "storage.export_person", file.account_id, file.id))
    return file


def make_export(file_id: str) -> None:
    """Gather it. One that is made already, or not wanted any more, stays as it is."""
    file = find_file(file_id)
    if file is None or file.state == FileState.STORED:
        return
    with TemporaryFile() as written:
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            for folder, document, file_ids in _everything(file.name):
                archive.writestr(f"{folder}/{document['id']}.json", json.dumps(document, indent=1, default=str))
                for each in StoredFile.objects.filter(id__in=file_ids):
                    _add(archive, f"{folder}/{attachment_name(each)}", each)
        written.seek(0)
        receive_file(file.id, written)


@transaction.atomic
def start_erasure(user_id: str, principal: Principal) -> None:
    """Have the person's recordings, messages and exports removed for good. A legal hold keeps their files."""
    hold_account()
    record(principal, "person.erasure_started", "user", user_id, {}, {})
    transaction.on_commit(partial(_hand_over, "storage.erase_person", current_account_id(), user_id))


def erase(user_id: str) -> dict[str, int]:
    """How many were removed, by kind of data. What is left of an erasure that was cut off goes with the next one."""
    principal = system_principal(current_account_id())
    counts = {name: data.erase(user_id, principal) for name, data in _registered.items() if data.erase is not None}
    exports = list(StoredFile.objects.filter(kind=FileKind.EXPORT, name=user_id))
    for file in exports:
        delete_file(file)
    counts["exports"] = len(exports)
    with transaction.atomic():
        hold_account()
        record(principal, "person.erased", "user", user_id, {}, counts)
    return counts


def tend_exports() -> int:
    """Make those of the scope's account whose task was lost, and remove those that are a week old; how many of them."""
    left = StoredFile.objects.filter(kind=FileKind.EXPORT, created__lt=now() - timedelta(hours=1))
    for file_id in list(left.exclude(state=FileState.STORED).values_list("id", flat=True)):
        _hand_over("storage.export_person", current_account_id(), file_id)
    old = list(StoredFile.objects.filter(kind=FileKind.EXPORT, created__lt=now() - KEPT_FOR))
    for file in old:
        delete_file(file)
    return len(old)


def _everything(user_id: str) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    for person in get_user_model()._default_manager.filter(pk=user_id):
        assert isinstance(person, Document)
        yield "user", person.to_document(), []
    for model in apps.get_models():
        if issubclass(model, Document) and any(field.name == "owner_id" for field in model._meta.concrete_fields):
            for row in model.objects.filter(owner_id=user_id):
                yield model.document_type, row.to_document(), []
    for name, data in _registered.items():
        for document, file_ids in data.collect(user_id):
            yield name, document, file_ids


def _add(archive: zipfile.ZipFile, name: str, file: StoredFile) -> None:
    try:
        opened: IO[bytes] = open_file(file)
    except NotStored:
        if file.state == FileState.STORED:
            raise  # its storage is away: the export is tried again
        return
    with opened, archive.open(name, "w", force_zip64=True) as target:
        for piece in pieces(opened):
            target.write(piece)


def _hand_over(task: str, *arguments: str) -> None:
    try:
        current_app.send_task(task, arguments)
    except OperationalError:
        log.warning("%s for %s could not be handed over: the broker is away", task, arguments)
