"""What a callflow may name as a sound, and what the verbs make of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy
import pytest
import soundfile
from django.core.files.storage import storages

from apps.foundation.identity.principal import system_principal
from apps.interfaces.freeswitch.fetched import answer as served_sound
from apps.pbx.callflows.modules.audio_macro import SayMacro, said
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.callflows.sounds import NoSuchSound, playable, playable_or_none
from apps.pbx.media import queries
from apps.pbx.media.actions import create_media, upload
from apps.pbx.media.music import default_music_url, music
from apps.pbx.media.speech import Digits, Duration, Money, Number, PhoneNumber, Words
from apps.switching.calls.fake import FakeCall
from tests.pbx_office import Office, office, run
from tests.web_server import ADDRESS, Answer, customer_server

__all__ = ["office"]


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    place = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "files": place}
    yield
    storages._storages.clear()


def medium(office: Office, **document: Any) -> str:
    """The id of a medium with a sound."""
    admin, written = system_principal(office.id), io.BytesIO()
    soundfile.write(written, numpy.zeros(800), 8000, format="WAV")
    made = office.within(lambda: create_media({"name": "A sound", **document}, admin))
    office.within(lambda: upload(made, written.getvalue(), admin))
    return str(made.id)


def reference(office: Office, media_id: str, **options: Any) -> str:
    return office.within(lambda: queries.playable(media_id, **options))


def did(office: Office, verb: str, data: dict[str, Any], **call: Any) -> tuple[FakeCall, Branch]:
    fake = FakeCall(account_id=office.id, **call)
    return fake, run(verbs()[verb].run(fake, read_data(verbs()[verb], data)))


def test_a_medium_is_played_in_the_form_the_codec_carries(office: Office) -> None:
    media_id = medium(office)
    narrow, _ = did(office, "play", {"id": media_id})
    wide, _ = did(office, "play", {"id": media_id}, variables={"read_rate": "48000"})
    assert ("play", reference(office, media_id)) in narrow.did
    assert ("play", reference(office, media_id, wide=True)) in wide.did
    assert reference(office, media_id) != reference(office, media_id, wide=True)


def test_prompts_go_by_all_their_names(office: Office) -> None:
    call = FakeCall(account_id=office.id)
    plain = run(playable(call, "/system_media/vm-enter_pass"))
    assert "/speech/" in plain
    for name in ("system_media/vm-enter_pass", "en-us/vm-enter_pass", "en-us%2Fvm-enter_pass"):
        assert run(playable(call, name)) == plain, name
    spanish = run(playable(call, f"prompt://{office.id}/vm-enter_pass/es-es"))
    assert spanish != plain
    assert run(playable(call, "/system_media/es-es/vm-enter_pass")) == spanish
    own = medium(office, prompt_id="vm-enter_pass", language="es-es")
    assert run(playable(call, "prompt://system_media/vm-enter_pass/es-mx")) == reference(office, own)
    assert run(playable(call, "/system_media/vm-enter_pass")) == plain, "only in its language"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "0" * 32,
        "/etc/passwd",
        "/system_media/../../etc/passwd",
        "/system_media/no-such-prompt",
        "prompt://x/no-such-prompt/en",
        "xx/vm-enter_pass",
        "http://127.0.0.1/a.wav",
        "http://127.0.0.1:8000/freeswitch/files/melody.wav",
        "http_cache://http://127.0.0.1/",
        "file_string:///etc/passwd!/etc/shadow",
        "local_stream://moh",
        "say:boo",
        "http://example.com/a!b.wav",
        "tone_stream://path=/etc/passwd",
    ],
)
def test_nothing_else_is_opened(office: Office, name: str) -> None:
    call = FakeCall(account_id=office.id)
    with pytest.raises(NoSuchSound):
        run(playable(call, name))
    assert run(playable_or_none(call, name)) == ""
    fake, branch = did(office, "play", {"id": name})
    assert fake.did == []
    assert branch.why.startswith("not played")


def test_early_media_is_played_without_answering(office: Office) -> None:
    fake, _ = did(office, "play", {"id": "%(100,0,440)", "answer": False})
    assert fake.verbs == ["pre_answer", "play"]


def test_a_macro_is_heard_in_order_until_a_key(office: Office) -> None:
    fake, branch = did(office, "audio_macro", verbs()["audio_macro"].examples[0])
    played = [detail for what, detail in fake.did if what == "play"]
    assert played[0] == "tone_stream://%(300,200,440,480);loops=2"
    assert played[-1] == "silence_stream://500"
    assert len(played) == 5
    assert all("/speech/" in one for one in played[1:4])
    assert branch.why == "played"


@pytest.mark.parametrize(
    ("macro", "part"),
    [
        ({"type": "number", "text": " 42 "}, Number(42)),
        ({"type": "number", "text": "42", "method": "iterated"}, Digits("42")),
        ({"type": "number", "text": "many"}, Words("many")),
        ({"type": "currency", "text": "2.50"}, Money.__name__),
        ({"type": "time_measurement", "text": "90"}, Duration(90)),
        ({"type": "telephone_number", "text": "+4930123"}, PhoneNumber("+4930123")),
        ({"type": "telephone_extension", "text": "1001"}, Digits("1001")),
        ({"type": "name_spelled", "text": "Zoë"}, Words("Z, o, ë")),
        ({"type": "current_date", "text": "9" * 30}, Words("9" * 30)),
        ({"type": "url", "text": "example.com"}, Words("example.com")),
    ],
)
def test_what_is_said_becomes_a_part_of_speech(macro: dict[str, Any], part: object) -> None:
    found = said(SayMacro(macro="say", **macro))
    assert found == part or type(found).__name__ == part


def test_who_waits_hears_music(office: Office) -> None:
    media_id = medium(office)
    user = office.user("anna", music_on_hold={"media_id": media_id})
    device = office.device("anna", owner=user, registered=False)
    call = FakeCall(account_id=office.id, authorizing_id=device.id)
    assert run(music(call)) == reference(office, media_id)
    assert run(music(FakeCall(account_id=office.id))) == default_music_url()
    office.set(document={"music_on_hold": {"media_id": "%(9,9,9)"}})
    assert run(music(FakeCall(account_id=office.id))) == "tone_stream://%(9,9,9)"
    assert run(music(FakeCall(account_id="f" * 32))) == default_music_url()


def test_an_address_outside_is_fetched_by_us(office: Office, settings: Any, tmp_path: Path) -> None:
    """The switch gets an address of ours; what is behind it must be a sound, and is kept."""
    settings.OUTBOUND_ALLOWED = (f"{ADDRESS}/32",)
    written = io.BytesIO()
    soundfile.write(written, numpy.zeros(4410), 44100, format="FLAC")
    with customer_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("apps.pbx.media.fetched._folder", lambda: tmp_path / "fetched")
        server.pages |= {
            "/a.flac": Answer(written.getvalue(), "audio/flac"),
            "/page": Answer("<html>", "text/html"),
            "/there": Answer(status=302, headers={"Location": "/a.flac"}),
            "/inside": Answer(status=302, headers={"Location": "http://127.0.0.1/"}),
        }

        def asked(path: str) -> Any:
            name = run(playable(FakeCall(account_id=office.id), f"{server.url}{path}"))
            assert server.url not in name
            return run(served_sound("GET", urlsplit(name).path))

        for path in ("/a.flac", "/a.flac", "/there"):
            status, _headers, wave = asked(path)
            assert status == 200
            assert soundfile.info(io.BytesIO(wave)).samplerate == 16000
        assert len(server.requests("/a.flac")) == 2, "once for itself, once behind the redirect"
        assert [asked(path)[0] for path in ("/page", "/inside", "/none")] == [404, 404, 404]
    assert run(served_sound("GET", "/freeswitch/fetched/forged.wav"))[0] == 404
    assert run(served_sound("POST", "/freeswitch/fetched/forged.wav"))[0] == 405
