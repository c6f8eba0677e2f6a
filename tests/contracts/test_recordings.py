"""Recordings: from their registration to the file, and over the API."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy
import pytest
import soundfile
from django.core.files.storage import storages

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.kit.clock import now
from apps.foundation.kit.outbound import NotReachable
from apps.foundation.storage.actions import receive_file
from apps.foundation.storage.models import StoredFile
from apps.interfaces.freeswitch.refusals import take_in_now
from apps.pbx.recordings import finishing, tasks
from apps.pbx.recordings.actions import RecordedCall, complete, new_recording_id, register
from apps.pbx.recordings.models import Recording
from apps.pbx.recordings.wanting import Wanted
from apps.switching.calls.files import keep_recorded
from apps.switching.calls.models import RecordedFile
from tests.api_client import ApiClient
from tests.company import Company

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]
CALL = "6b1f0e9e-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    place = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "files": place}
    settings.API_BUCKET_SIZE = settings.API_BUCKET_REFILL = 1_000_000
    # Nothing is fetched by itself.
    monkeypatch.setattr("apps.switching.calls.files._fetch_soon", lambda *_: None)
    yield
    storages._storages.clear()


def sound(seconds: float = 2.0) -> bytes:
    """Two tones, one on each channel."""
    moments = numpy.arange(int(8000 * seconds)) / 8000
    written = io.BytesIO()
    samples = numpy.stack([numpy.sin(2 * numpy.pi * hertz * moments) * 0.3 for hertz in (440, 1000)], axis=1)
    soundfile.write(written, samples, 8000, format="WAV", subtype="PCM_16")
    return written.getvalue()


@pytest.fixture
def bakery(company: Company) -> Iterator[Account]:
    with account_scope(company.tree.bakery):
        yield company.tree.bakery
        Recording.objects.all().delete()
        RecordedFile.objects.all().delete()


def registered(bakery: Account, call_id: str = CALL, **asked: Any) -> Recording:
    owner_id = asked.pop("owner_id", "")
    recording_id = new_recording_id()
    call = RecordedCall(call_id, "fs1", "63900000000-abc", owner_id, {"caller_id_number": "1001"})
    path = f"/var/lib/freeswitch/recordings/{bakery.id}/{recording_id}.wav"
    made = register(recording_id, path, call, Wanted.of({"format": "wav", **asked}))
    assert made is not None
    return made.recording


def arrived(recording: Recording, content: bytes) -> Recording | None:
    """The file is fetched, and the task that follows has run."""
    complete([recording.id])
    receive_file(recording.file_id, content)
    if not Recording.objects.filter(id=recording.id).exists():
        return None
    finishing.finish(recording.id)
    return Recording.objects.get(id=recording.id)


def record_of(recording: Recording, **more: str) -> bytes:
    """The call record of the channel, as mod_json_cdr posts it."""
    import json

    variables = {
        "uuid": recording.call_id,
        "account_id": recording.account_id,
        "direction": "inbound",
        "start_uepoch": str(int(recording.started.timestamp() * 1_000_000)),
        "answer_uepoch": str(int(recording.started.timestamp() * 1_000_000)),
        "end_uepoch": str(int(recording.started.timestamp() * 1_000_000) + 2_000_000),
        "media_recordings": f"{recording.id},nonsense",
        **more,
    }
    return json.dumps({"variables": variables, "callflow": []}).encode()


def test_the_call_record_says_that_it_is_complete(bakery: Account) -> None:
    recording = registered(bakery)
    far = RecordedFile.objects.get(id=recording.file_id).next_try
    assert far is not None
    assert far > now() + timedelta(minutes=50), "not fetched while it is written"
    for _ in range(2):
        assert take_in_now(record_of(recording), "fs1")
        recording.refresh_from_db()
        assert recording.state == "awaited"
    soon = RecordedFile.objects.get(id=recording.file_id).next_try
    assert soon is not None
    assert soon <= now()
    found = CallRecord.objects.get(call_id=recording.call_id)
    assert found.document["media_recordings"] == [recording.id]
    here = arrived(recording, sound())
    assert here is not None
    assert (here.state, here.milliseconds, here.document["cdr_id"]) == ("stored", 2000, found.id)
    CallRecord.objects.filter(id=found.id).delete()


def test_nothing_stays_of_a_call_that_was_not_answered(bakery: Account) -> None:
    recording = registered(bakery, call_id="never-answered")
    assert take_in_now(record_of(recording, answer_uepoch="0"), "fs1")
    assert not Recording.objects.filter(id=recording.id).exists()
    assert not StoredFile.objects.filter(id=recording.file_id).exists()
    CallRecord.objects.filter(call_id="never-answered").delete()


def test_a_rule_records_a_call_once_and_flows_as_often_as_they_like(bakery: Account) -> None:
    call = RecordedCall(CALL, "fs1")

    def again(wanted: Wanted) -> bool:
        recording_id = new_recording_id()
        return register(recording_id, f"/x/recordings/{recording_id}.wav", call, wanted) is not None

    rule = Wanted.of({}, origin="inbound from offnet to account", once=True)
    verb = Wanted.of({}, origin="callflow : record_call")
    assert [again(one) for one in (rule, rule, verb, verb)] == [True, False, True, True]


@pytest.mark.parametrize(("minimum", "content", "kept"), [(1, sound(), True), (3, sound(), False), (0, b"", False)])
def test_short_recordings_are_not_kept(bakery: Account, minimum: int, content: bytes, kept: bool) -> None:
    recording = registered(bakery, record_min_sec=minimum)
    complete([recording.id])
    receive_file(recording.file_id, content)
    # What is dropped is dropped when the transaction is over, which a test's never is.
    stored = Recording.objects.get(id=recording.id).state == "stored"
    assert stored is kept


def test_it_becomes_the_format_that_was_asked_for(bakery: Account) -> None:
    recording = arrived(registered(bakery, format="mp3", record_sample_rate=16_000), sound())
    assert recording is not None
    assert recording.content_type == "audio/mpeg"
    file = StoredFile.objects.get(id=recording.file_id)
    samples, rate = soundfile.read(io.BytesIO(_bytes(file)))
    assert (rate, samples.shape[1]) == (16_000, 2)
    assert abs(len(samples) / rate - 2.0) < 0.2
    assert StoredFile.objects.filter(kind="recording").count() == 1, "the one it was made of is gone"


def test_people_hear_their_own_and_administrators_all(company: Company, bakery: Account) -> None:
    bob = company.people["bob"].login.pk
    own, other = arrived(registered(bakery, owner_id=bob), sound()), arrived(registered(bakery), sound())
    assert own is not None
    assert other is not None
    running = registered(bakery)
    alice, clerk = (ApiClient(company.people[name].token, bakery) for name in ("alice", "bob"))
    assert {row["id"] for row in alice.get("recordings").data} == {own.id, other.id}, "a running one is none yet"
    assert [row["id"] for row in clerk.get("recordings").data] == [own.id]
    assert [row["id"] for row in alice.get(f"users/{bob}/recordings").data] == [own.id]
    assert clerk.get(f"recordings/{own.id}").data["duration_ms"] == 2000
    assert clerk.get(f"recordings/{other.id}").status == 404
    assert clerk.get(f"recordings/{other.id}/raw").status == 404
    assert alice.get(f"recordings/{running.id}").status == 404
    assert clerk.delete(f"recordings/{own.id}").status == 403


def test_a_recording_is_its_sound_where_sound_is_asked_for(company: Company, bakery: Account) -> None:
    recording = arrived(registered(bakery), sound())
    assert recording is not None
    alice = ApiClient(company.people["alice"].token, bakery)
    path = f"recordings/{recording.id}"
    whole = alice.get(path, headers={"Accept": "audio/wav"})
    assert (whole.status, whole.headers["Content-Type"]) == (200, "audio/wav")
    assert whole.content == sound()
    assert alice.get(f"{path}?accept=audio/mpeg").content == sound(), "what there is, is given"
    assert alice.get(f"{path}/raw").content == sound()
    assert "attachment" in whole.headers["Content-Disposition"]
    assert alice.get(f"{path}/raw?inline=true").headers["Content-Disposition"].startswith("inline")
    part = alice.get(path, headers={"Accept": "audio/wav", "Range": "bytes=10-19"})
    assert (part.status, part.content) == (206, sound()[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(sound())}"
    assert alice.get(f"{path}/raw", headers={"Range": "bytes=99999999-"}).status == 416
    etag = whole.headers["ETag"]
    assert alice.get(path, headers={"Accept": "audio/wav", "If-None-Match": etag}).status == 304
    for accept in ("application/json", "*/*"):
        assert alice.get(path, headers={"Accept": accept}).data["id"] == recording.id
    assert alice.get(path, headers={"Accept": "video/mp4"}).status == 406
    entries = AuditEntry.objects.filter(target_id=recording.id, action="call_recording.downloaded")
    assert entries.filter(actor_user_id=company.people["alice"].login.pk).count() >= 4


def test_deleting_takes_the_sound_along(company: Company, bakery: Account) -> None:
    recording = arrived(registered(bakery), sound())
    assert recording is not None
    alice = ApiClient(company.people["alice"].token, bakery)
    assert alice.delete(f"recordings/{recording.id}").status == 200
    assert alice.get(f"recordings/{recording.id}").status == 404
    assert not StoredFile.objects.filter(id=recording.file_id).exists()


def test_a_copy_is_delivered_and_failure_is_seen(bakery: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = arrived(registered(bakery, url="https://example.com/in/", method="post"), sound())
    assert recording is not None
    sent: list[tuple[str, str, bytes]] = []
    answers = iter([NotReachable("example.com is 10.0.0.1, which is no public address"), 503, 201])

    def send(method: str, url: str, *, content: Any, headers: Any) -> httpx.Response:
        sent.append((method, url, b"".join(content)))
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer)

    monkeypatch.setattr(finishing, "send", send)
    for problem in ("no public address", "503"):
        with pytest.raises(finishing.NotDelivered, match=problem):
            finishing.deliver(recording.id)
        recording.refresh_from_db()
        assert (recording.delivery, problem in recording.delivery_error) == ("pending", True)
    finishing.deliver(recording.id)
    recording.refresh_from_db()
    assert (recording.delivery, recording.delivery_attempts, recording.delivery_error) == ("delivered", 3, "")
    assert sent[-1] == ("POST", f"https://example.com/in/{recording.id}.wav", sound())
    finishing.deliver(recording.id)
    assert len(sent) == 3, "what is delivered is not sent again"


def test_a_conference_is_among_them(company: Company, bakery: Account) -> None:
    path = f"/var/lib/freeswitch/recordings/{bakery.id}/abc.wav"
    file = keep_recorded("recording", path, switch="fs1", name="conference-0123")
    receive_file(file.id, sound())
    finishing.finish(Recording.objects.get().id)
    row = ApiClient(company.people["alice"].token, bakery).get("recordings").data[0]
    assert (row["name"], row["origin"], row["duration_ms"]) == ("conference-0123", "conference", 2000)
    assert row["content_type"] == "audio/mpeg"


def test_old_recordings_are_forgotten_where_the_account_says_so(bakery: Account) -> None:
    old, young = arrived(registered(bakery), sound()), arrived(registered(bakery), sound())
    assert old is not None
    assert young is not None
    Recording.objects.filter(id=old.id).update(started=now() - timedelta(days=31))
    assert tasks.forget_old() == 0, "no account asked for it"
    Account.objects.filter(id=bakery.id).update(document={**bakery.document, "recording_retention_days": 30})
    assert tasks.forget_old() == 1
    assert set(Recording.objects.values_list("id", flat=True)) == {young.id}
    assert not StoredFile.objects.filter(id=old.file_id).exists()


def _bytes(file: StoredFile) -> bytes:
    from apps.foundation.storage.actions import read_file

    return read_file(file)
