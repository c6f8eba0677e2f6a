"""Media over the API: files in and out, as KAZOO's clients send them; and bytes of every kind, which are a sound or a
field error, never a fault."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import soundfile
from django.core.files.storage import storages
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.api_client import ApiClient
from tests.company import Company

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]


def sound(form: str = "WAV", hertz: int = 440) -> bytes:
    written = io.BytesIO()
    soundfile.write(written, 0.4 * numpy.sin(2 * numpy.pi * hertz * numpy.arange(4000) / 8000), 8000, format=form)
    return written.getvalue()


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    place = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "files": place}
    settings.API_BUCKET_SIZE = settings.API_BUCKET_REFILL = 1_000_000
    yield
    storages._storages.clear()


@pytest.fixture
def alice(company: Company) -> ApiClient:
    return ApiClient(company.people["alice"].token, company.tree.bakery)


def made(client: ApiClient, **document: Any) -> str:
    reply = client.put("media", {"name": "Welcome", **document})
    assert reply.status == 201, reply.content
    return f"media/{reply.data['id']}"


@pytest.mark.parametrize(
    ("form", "claimed", "kind"),
    [
        ("WAV", "audio/x-wav", "audio/wav"),
        ("MP3", "audio/mp3", "audio/mpeg"),
        ("OGG", "audio/ogg", "audio/ogg"),
        ("FLAC", "application/octet-stream", "audio/flac"),
        ("MP3", "audio/wav", "audio/mpeg"),
    ],
)
def test_a_file_goes_in_and_comes_out(alice: ApiClient, form: str, claimed: str, kind: str) -> None:
    item, content = made(alice), sound(form)
    assert alice.get(f"{item}/raw").status == 404, "nothing was uploaded yet"
    reply = alice("POST", f"{item}/raw", body=content, content_type=claimed)
    assert reply.status == 200, reply.content
    assert (reply.data["content_type"], reply.data["content_length"]) == (kind, len(content))
    raw = alice.get(f"{item}/raw")
    assert (raw.status, raw.headers["Content-Type"], raw.content) == (200, kind, content)
    part = alice.get(f"{item}/raw", headers={"Range": "bytes=4-9"})
    assert (part.status, part.content) == (206, content[4:10])
    assert alice.post(item, reply.data).data == alice.get(item).data


def test_a_data_uri_and_a_form_are_files_too(alice: ApiClient) -> None:
    item, content = made(alice), sound()
    encoded = b"data:audio/wav;base64," + base64.b64encode(content)
    assert alice("POST", f"{item}/raw", body=encoded, content_type="application/base64").status == 200
    assert alice.get(f"{item}/raw").content == content
    other = sound("FLAC", 880)
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: audio/flac\r\n\r\n'
    form = head + other + b"\r\n--x--\r\n"
    reply = alice("POST", f"{item}/raw", body=form, content_type="multipart/form-data; boundary=x")
    assert reply.status == 200, reply.content
    assert alice.get(f"{item}/raw").content == other


def test_what_is_refused_says_why(alice: ApiClient) -> None:
    item = made(alice)
    empty = alice("POST", f"{item}/raw", body=b"", content_type="audio/wav")
    assert (empty.status, list(empty.data["file"])) == (400, ["required"])
    html = alice("POST", f"{item}/raw", body=b"<html></html>", content_type="audio/wav")
    assert (html.status, list(html.data["file"])) == (400, ["invalid"])
    large = alice("POST", f"{item}/raw", body=sound() + bytes(8_000_001), content_type="audio/wav")
    assert (large.status, list(large.data["file"])) == (413, ["maxSize"])
    spoken = made(alice, media_source="tts", tts={"text": "Hello"})
    reply = alice("POST", f"{spoken}/raw", body=sound(), content_type="audio/wav")
    assert (reply.status, list(reply.data)) == (400, ["media_source"])


def test_a_text_is_downloaded_as_it_is_spoken(alice: ApiClient) -> None:
    raw = alice.get(f"{made(alice, media_source='tts', tts={'text': 'Welcome. ' * 60})}/raw")
    assert (raw.status, raw.headers["Content-Type"]) == (200, "audio/wav")
    samples, rate = soundfile.read(io.BytesIO(raw.content))
    assert rate == 16_000
    assert len(samples) > rate


def test_languages_and_prompts_are_counted(company: Company) -> None:
    carol = ApiClient(company.people["carol"].token, company.tree.clinic)
    french = made(carol, language="fr-fr", prompt_id="vm-enter_pass").rpartition("/")[2]
    english = made(carol, prompt_id="vm-enter_pass").rpartition("/")[2]
    assert carol.get("media/languages").data == [{"en-us": 1, "fr-fr": 1}]
    assert carol.get("media/languages/fr-FR").data == [french]
    assert carol.get("media/languages/missing").data == []
    assert carol.get("media/prompts").data == [{"vm-enter_pass": 2}]
    assert carol.get("media/prompts/vm-enter_pass").data == [english, french]
    assert carol.get("media/prompts/vm-other").status == 404
    row = next(row for row in carol.get("media").data if row["id"] == french)
    assert (row["is_prompt"], row["language"], row["media_source"]) == (True, "fr-fr", "upload")


CONTENT_TYPES = [
    "audio/wav",
    "audio/mpeg",
    "",
    "text/html",
    "application/base64",
    "application/json",
    "multipart/form-data",
]


@hypothesis_settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")),
        st.binary(max_size=100).map(lambda more: sound()[:60] + more),
        st.binary(max_size=60).map(lambda more: b"data:audio/wav;base64," + more),
        st.binary(max_size=60).map(lambda more: b"data:audio/wav;base64," + base64.b64encode(more)),
    ),
    kind=st.sampled_from(CONTENT_TYPES),
)
def test_bytes_of_every_kind_are_a_sound_or_a_field_error(alice: ApiClient, body: bytes, kind: str) -> None:
    reply = alice("POST", f"{made(alice)}/raw", body=body, content_type=kind)
    assert reply.status in (200, 400, 413, 415), reply.content
    if reply.status == 400:
        assert reply.body["status"] == "error"
        assert reply.data
