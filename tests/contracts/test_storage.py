"""The storage document, plans, moves and errors over the API."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.core.files.storage import storages
from django.test import Client

from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import ensure_partition
from apps.foundation.storage import copying, personal, tasks
from apps.foundation.storage.actions import store_file
from apps.foundation.storage.models import StoredFile
from apps.foundation.storage_plans.models import AwaitedCopy
from apps.pbx.recordings.models import Recording, RecordingState
from apps.pbx.voicemail.models import Message
from tests.api_client import ApiClient
from tests.company import Company
from tests.storage_servers import ADDRESS, WebFolder, web_folder

pytestmark = pytest.mark.django_db
KEY = "a" * 32
MAP = {"modb": {"types": {"call_recording": {"attachments": {"handler": KEY}}}}}


@pytest.fixture(autouse=True)
def _disks(settings: Any, tmp_path: Path) -> Iterator[None]:
    options = {"location": tmp_path / "files"}
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "files": backend}
    settings.STORAGE_DIRECTORY = tmp_path / "storage"
    settings.OUTBOUND_ALLOWED = (f"{ADDRESS}/32",)
    yield
    storages._storages.clear()


@pytest.fixture
def server() -> Iterator[WebFolder]:
    with web_folder() as found:
        yield found


@pytest.fixture
def alice(company: Company) -> ApiClient:
    return ApiClient(company.people["alice"].token, company.tree.bakery)


def document(server: WebFolder, **settings: Any) -> dict[str, Any]:
    """As KAZOO's documentation has it."""
    given = {"url": f"{server.url}/some_prefix", "verb": "post", **settings}
    return {"attachments": {KEY: {"handler": "http", "name": "My HTTP server", "settings": given}}, "plan": MAP}


def test_a_storage_document_from_its_beginning_to_its_end(
    alice: ApiClient, company: Company, server: WebFolder
) -> None:
    assert alice.get("storage").status == 404
    made = alice.put("storage", document(server, username="u", password="sesame"))
    assert made.status == 201, made.content
    assert (made.data["id"], made.headers["Location"]) == (company.tree.bakery.id, alice.address("storage"))
    assert alice.put("storage", {}).status == 409
    read = alice.get("storage")
    assert read.data["plan"]["modb"]["types"]["call_recording"]["attachments"]["handler"] == KEY
    assert read.data["attachments"][KEY]["settings"] == {
        "url": f"{server.url}/some_prefix", "verb": "post", "username": "u", "password": "********",
    }  # fmt: skip
    again = alice.post("storage", read.data)
    assert (again.status, again.data) == (200, read.data), again.content
    changed = alice.patch(
        "storage", {"attachments": {KEY: {"name": "Theirs"}}}, headers={"If-Match": again.headers["ETag"]}
    )
    assert changed.data["attachments"][KEY]["name"] == "Theirs"
    assert b"sesame" not in changed.content
    assert alice.patch("storage", {}, headers={"If-Match": read.headers["ETag"]}).status == 412
    gone = alice.delete("storage")
    assert (gone.status, gone.data["_read_only"]["deleted"]) == (200, True)
    assert alice.get("storage").status == 404
    assert alice.put("storage", document(server)).status == 201
    with account_scope(company.tree.bakery):
        done = AuditEntry.objects.filter(target_type="storage").order_by("created").values_list("action", flat=True)
        assert list(done) == [f"storage.{each}" for each in ("created", "edited", "edited", "deleted", "created")]
        assert "sesame" not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


def test_a_storage_is_tried_out_before_it_is_saved_unless_the_client_says_no(
    alice: ApiClient, server: WebFolder
) -> None:
    server.broken = 507
    refused = alice.put("storage", document(server))
    assert (refused.status, refused.body["message"]) == (400, "validation error")
    assert refused.data[f"attachments.{KEY}.settings"]["invalid"]["cause"] == "write"
    assert alice.get("storage").status == 404
    assert alice.put("storage?validate_settings=false", document(server)).status == 201
    told = alice.post("storage/test", {}).data
    assert (told["handlers"][KEY]["step"], told["kinds"]["recording"][0]["ok"]) == ("write", False)
    assert told["kinds"]["fax"] == []
    server.broken = 0
    assert alice.post("storage/test", {}).data["handlers"][KEY]["ok"]


def test_plans_are_used_by_accounts_below(company: Company, alice: ApiClient, server: WebFolder) -> None:
    nora = ApiClient(company.people["nora"].token, company.tree.north)
    made = nora.put("storage/plans", {"name": "Gold", **document(server)})
    assert made.status == 201, made.content
    path = f"storage/plans/{made.data['id']}"
    assert nora.get(path).data == made.data
    assert [row["name"] for row in nora.get("storage/plans").data] == ["Gold"]
    assert nora.patch(path, {"name": "Silver"}).data["name"] == "Silver"
    assert nora.post(f"{path}/test", {}).data["handlers"][KEY]["ok"]
    assert alice.get(path).status == 404, "it is the reseller's"
    assert alice.put("storage", {"plan_id": made.data["id"]}).status == 201
    assert alice.post("storage/test", {}).data["kinds"]["recording"][0]["inherited"]
    assert nora.delete(path).status == 409, "somebody uses it"
    assert alice.delete("storage").status == 200
    assert nora.delete(path).status == 200
    assert nora.get(path).status == 404


def test_errors_are_listed_as_kazoo_does_and_overcome(alice: ApiClient, company: Company, server: WebFolder) -> None:
    alice.put("storage", document(server))
    with account_scope(company.tree.bakery):
        file = store_file("recording", "Call.wav", "audio/wav", b"x" * 1000)
    server.broken = 403
    assert not copying.copy(company.tree.bakery.id, file.id)
    (row,) = alice.get("att_handlers_errors").data
    assert (row["attachment_name"], row["resp_code"], row["attempts"]) == (f"{file.id}.wav", 403, 1)
    assert row["reason"] == "The storage answered 403: the cellar is flooded"
    assert alice.get(f"att_handlers_errors/handler/{KEY}").data == [row]
    assert alice.get(f"att_handlers_errors/handler/{'b' * 32}").status == 404
    whole = alice.get(f"att_handlers_errors/{row['id']}").data
    assert (whole["document_id"], whole["type"], whole["handler"]) == (file.id, "recording", "http")
    assert whole["req_url"].endswith(f"{now():%Y/%m}/recording/{file.id}.wav")
    server.broken = 0
    assert alice.post(f"att_handlers_errors/{row['id']}/retry", {}).status == 200
    tasks.copy_due()
    assert alice.get(f"att_handlers_errors/{row['id']}").data["resolved"]
    assert list(server.files.values()) == [b"x" * 1000]


def test_a_move_shows_how_far_it_is_and_can_be_stopped(alice: ApiClient, company: Company, server: WebFolder) -> None:
    with account_scope(company.tree.bakery):
        old = [store_file("recording", "Call.wav", "audio/wav", bytes([n]) * 100) for n in range(4)]
    alice.put("storage", document(server))
    started = alice.put("storage/moves", {"kinds": ["recording"]})
    assert (started.status, started.data["total"], started.data["percent"]) == (201, 4, 0), started.content
    assert alice.put("storage/moves", {}).status == 409
    assert copying.copy(company.tree.bakery.id, old[0].id)
    path = f"storage/moves/{started.data['id']}"
    assert (alice.get(path).data["moved"], alice.get(path).data["percent"]) == (1, 25)
    assert alice.delete(path).data["state"] == "stopped"
    assert not AwaitedCopy.objects.exists()
    assert alice.put("storage/moves", {"kinds": ["nonsense"]}).status == 400
    assert alice.put("storage/moves", {}).data["total"] == 3
    tasks.copy_due()
    assert [row["state"] for row in alice.get("storage/moves").data] == ["done", "stopped"]
    assert len(server.files) == 4


def test_a_user_sees_none_of_it(company: Company) -> None:
    bob = ApiClient(company.people["bob"].token, company.tree.bakery)
    for path in ("storage", "storage/plans", "storage/moves", "storage/held", "att_handlers_errors"):
        assert bob.get(path).status == 403, path


def recording_of(company: Company, days: int) -> Recording:
    moment = now() - timedelta(days=days)
    ensure_partition(Recording, moment)
    file = store_file("recording", "Call.wav", "audio/wav", b"y" * 1000)
    StoredFile.objects.filter(id=file.id).update(created=moment)
    return Recording.objects.create(
        id=monthly_id(moment),
        month=moment.date().replace(day=1),
        account_id=company.tree.bakery.id,
        owner_id=company.people["bob"].login.pk,
        call_id="call-7",
        name="Call",
        switch="fs1",
        file_id=file.id,
        state=RecordingState.STORED,
        is_finished=True,
        started=moment,
        content_type="audio/wav",
        document={"caller_id_number": "+1 (555) 0100"},
    )


def test_old_recordings_and_messages_go_with_what_is_known_of_them(alice: ApiClient, company: Company) -> None:
    kept = {"handler": "local", "retention_days": 30}
    types = {"call_recording": {"attachments": kept}, "mailbox_message": {"attachments": kept}}
    assert alice.put("storage", {"plan": {"modb": {"types": types}}}).status == 201
    box = alice.put("vmboxes", {"name": "Box", "mailbox": "3100", "pin": "2468"}).data["id"]
    ids = [alice.put(f"vmboxes/{box}/messages", {"caller_id_number": "1"}).data["media_id"] for _ in range(2)]
    with account_scope(company.tree.bakery):
        old, young = recording_of(company, 40), recording_of(company, 20)
        for number, message_id in enumerate(ids):
            file = store_file("voicemail", "Message", "audio/wav", b"z")
            StoredFile.objects.filter(id=file.id).update(created=now() - timedelta(days=29 + 2 * number))
            Message.objects.filter(id=message_id).update(file_id=file.id)
        assert tasks.expire() == 2
        assert list(Recording.objects.values_list("id", flat=True)) == [young.id]
        assert list(Message.objects.filter(box_id=box).values_list("id", flat=True)) == ids[:1]
        assert not StoredFile.objects.filter(id=old.file_id).exists()


def test_a_recording_is_kept_under_a_path_that_tells_of_it_and_played_by_a_link(
    alice: ApiClient, company: Company, server: WebFolder, client: Client
) -> None:
    template = "{year}/{caller_id_number}/{call_id}-{attachment}"
    assert alice.put("storage", document(server, verb="put", path_template=template)).status == 201
    with account_scope(company.tree.bakery):
        recording = recording_of(company, 0)
    assert copying.copy(company.tree.bakery.id, recording.file_id)
    path = f"/some_prefix/{recording.started:%Y}/+1_555_0100/call-7-{recording.file_id}.wav"
    assert [unquote(one) for one in server.files] == [path]
    bob, carol = (ApiClient(company.people[name].token, company.tree.bakery) for name in ("bob", "carol"))
    told = bob.get(f"recordings/{recording.id}/link?seconds=60")
    assert told.status == 200, told.content
    sound = client.get(urlsplit(told.data["url"]).path, headers={"Range": "bytes=0-9"})
    assert (sound.status_code, b"".join(sound.streaming_content)) == (206, b"y" * 10)
    with account_scope(company.tree.bakery):
        entry = AuditEntry.objects.get(action="call_recording.downloaded")
        assert (entry.target_id, entry.actor_user_id) == (recording.id, company.people["bob"].login.pk)
    assert carol.get(f"recordings/{recording.id}/link").status == 403
    assert bob.get(f"recordings/{recording.id}/link?seconds=9999999").status == 400


def test_all_that_is_kept_of_a_person_is_exported_and_erased(
    alice: ApiClient, company: Company, server: WebFolder
) -> None:
    bob = str(company.people["bob"].login.pk)
    assert alice.put("storage", document(server, verb="put")).status == 201
    box = alice.put("vmboxes", {"name": "Bob's", "mailbox": "3200", "pin": "2468", "owner_id": bob}).data["id"]
    message_id = alice.put(f"vmboxes/{box}/messages", {"caller_id_number": "1"}).data["media_id"]
    with account_scope(company.tree.bakery):
        own, others = recording_of(company, 1), recording_of(company, 1)
        Recording.objects.filter(id=others.id).update(owner_id="")
        Message.objects.filter(id=message_id).update(file_id=store_file("voicemail", "M", "audio/wav", b"z").id)
    assert copying.copy(company.tree.bakery.id, own.file_id)
    assert alice.put("storage/exports", {"user_id": "0" * 32}).status == 400
    made = alice.put("storage/exports", {"user_id": bob})
    assert (made.status, made.data["state"]) == (201, "awaited"), made.content
    path = f"storage/exports/{made.data['id']}"
    assert alice.get(f"{path}/file").status == 404
    with account_scope(company.tree.bakery):
        personal.make_export(made.data["id"])
        personal.make_export(made.data["id"])
    assert alice.get(path).data["state"] == "stored"
    with zipfile.ZipFile(io.BytesIO(alice.get(f"{path}/file").content)) as archive:
        assert archive.testzip() is None
        assert archive.read(f"recordings/{own.file_id}.wav") == b"y" * 1000
        names = archive.namelist()
        assert {f"user/{bob}.json", f"vmbox/{box}.json", f"messages/{message_id}.json"} <= set(names)
        assert f"recordings/{others.id}.json" not in names
        assert not any(word in archive.read(name) for name in names for word in (b"2468", b"argon2", b"_encrypted"))
    assert alice.put("storage/erasures", {"user_id": bob}).status == 202
    with account_scope(company.tree.bakery):
        assert personal.erase(bob) == {"recordings": 1, "messages": 1, "exports": 1}
        assert list(Recording.objects.values_list("id", flat=True)) == [others.id]
        assert not Message.objects.filter(box_id=box).exists()
        actions = set(AuditEntry.objects.filter(target_id=bob).values_list("action", flat=True))
        assert actions >= {"person.exported", "person.erasure_started", "person.erased"}
    tasks.copy_due()
    assert not server.files or own.file_id not in str(server.files)
    assert alice.get(path).status == 404
