"""What a call says: parts become one reference, in the language of who listens."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.foundation.accounts.scope import account_scope
from apps.foundation.kit.clock import now
from apps.foundation.storage.actions import receive_file
from apps.foundation.storage.models import StoredFile
from apps.interfaces.freeswitch import spoken
from apps.pbx.callflows.modules import detect_speech
from apps.pbx.callflows.registry import read_data, verbs
from apps.pbx.media.listener import Asking, listener_of
from apps.pbx.media.recognisers import Recogniser, RecognitionFailed, phrase_in
from apps.pbx.media.rendering import Recipe
from apps.pbx.media.speech import (
    Counted,
    Date,
    DateTime,
    Digits,
    Duration,
    File,
    Media,
    Money,
    Number,
    Ordinal,
    Part,
    PhoneNumber,
    Prompt,
    TimeOfDay,
    Words,
    sound,
)
from apps.pbx.media.speech_address import PATH, recipe_of, speech_url
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.port import Recorded, RecordRequest
from apps.switching.calls.tasks import fetch_recorded
from tests.pbx_office import Office, office, run

__all__ = ["office"]


def recipes(reference: str) -> list[Recipe]:
    """What is spoken in a reference."""
    names = reference.removeprefix("file_string://").split("!")
    return [recipe_of(name.rpartition("/")[2].removesuffix(".wav")) for name in names if PATH in name]


def texts(reference: str) -> list[str]:
    return [recipe.text for recipe in recipes(reference)]


def said(call: FakeCall, *parts: Part) -> list[str]:
    return texts(run(sound(call, *parts)))


def test_all_parts_in_turn(office: Office) -> None:
    office.set(timezone="Europe/Berlin", language="es-mx")
    call = FakeCall(account_id=office.id)
    moment = datetime(2020, 2, 3, 13, 5, tzinfo=UTC)
    assert said(
        call,
        Prompt("vm-goodbye"),
        Counted("vm-count_new_messages", 2),
        Number(21),
        Ordinal(1),
        Digits("7#"),
        PhoneNumber("+34911"),
        Date(moment),
        TimeOfDay(moment),
        DateTime(moment, "America/New_York"),
        Duration(61),
        Money(Decimal("1.50"), "EUR"),
        Words("¿Qué tal?"),
    ) == [
        "Adiós.",
        "dos mensajes nuevos",
        "veintiuno",
        "primero",
        "siete, numeral",
        "más tres cuatro, nueve uno uno",
        "lunes tres de febrero de dos mil veinte",
        "las dos y cinco de la tarde",
        "lunes tres de febrero de dos mil veinte, las ocho y cinco de la mañana",
        "un minuto y un segundo",
        "un euro y cincuenta céntimos",
        "¿Qué tal?",
    ]
    assert {recipe.language for recipe in recipes(run(sound(call, Number(1), Words("a"))))} == {"es-mx"}


def test_today_and_yesterday_are_the_accounts(office: Office) -> None:
    office.set(timezone="Pacific/Kiritimati")  # 14 hours ahead
    call = FakeCall(account_id=office.id)
    assert said(call, Date(now()), Date(now() - timedelta(days=1))) == ["today", "yesterday"]


def test_a_call_speaks_the_language_of_the_device_then_the_user_then_the_account(office: Office) -> None:
    user = office.user("ana", language="fr-fr")
    own = office.device("1001", owner=user, language="de-de")
    plain = office.device("1002", owner=user)
    office.set(language="it-it")

    def tag(**who: str) -> str:
        return office.within(lambda: listener_of(Asking(**who)).tag)

    assert tag(device_id=own.id, user_id=user.id) == "de-de"
    assert tag(device_id=plain.id) == "fr-fr"
    assert tag(user_id=user.id) == "fr-fr"
    assert tag(device_id="0" * 32) == "it-it"
    assert tag(device_id=own.id, language="nl-nl") == "nl-nl"
    assert said(FakeCall(account_id=office.id, authorizing_id=own.id), Number(1)) == ["eins"]


def test_the_verb_language_changes_what_follows(office: Office) -> None:
    call = FakeCall(account_id=office.id)
    verb = verbs()["language"]
    run(verb.run(call, read_data(verb, {"language": "RU"})))
    assert said(call, Prompt("vm-goodbye")) == ["До свидания."]
    assert call.variables["default_language"] == "ru"


def test_an_accounts_voice_and_engine(office: Office) -> None:
    office.set(document={"tts": {"voice": "male", "engine": "tone"}})
    call = FakeCall(account_id=office.id)
    assert [recipe[:2] for recipe in recipes(run(sound(call, Number(1), Words("a", "female", engine="x"))))] == [
        ("tone", "male"),
        ("x", "female"),
    ]


def test_what_is_missing_is_a_tone_and_logged(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    call = FakeCall(account_id=office.id)
    tone = "tone_stream://%(200,100,440)"
    assert run(sound(call, Prompt("vm-nonsense"))) == tone
    assert "vm-nonsense" in caplog.text
    assert run(sound(call, Media("f" * 32))) == tone
    assert run(sound(call, File("/a file with spaces"))) == tone
    assert run(sound(call)) == tone
    assert (
        run(sound(call, File("/a.wav"), File("tone_stream://%(1,1,1)")))
        == "file_string:///a.wav!tone_stream://%(1,1,1)"
    )


def test_an_account_that_is_gone_is_spoken_to_in_english(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    assert said(FakeCall(account_id="0" * 32), Prompt("vm-goodbye")) == ["Goodbye."]
    assert "no account" in caplog.text


def test_a_long_text_is_cut_between_sentences(office: Office) -> None:
    text = "This is a sentence that takes some time. " * 20 + "你好。" * 50
    pieces = said(FakeCall(account_id=office.id), Words(text))
    assert max(map(len, pieces)) <= 240
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_the_switch_is_served(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    url = speech_url(Recipe("espeak_ng", "", "es", "Buenos días"))
    path = "/" + url.split("/", 3)[3]
    status, headers, body = run(spoken.answer("GET", path))
    head = dict(headers)
    assert (status, head[b"content-type"], body[:4]) == (200, b"audio/x-wav", b"RIFF")
    assert b"immutable" in head[b"cache-control"]
    assert int(head[b"content-length"]) == len(body) > 10_000
    assert run(spoken.answer("HEAD", path)) == (200, headers, b"")
    assert run(spoken.answer("POST", path))[0] == 405
    assert run(spoken.answer("GET", path.replace(".wav", "x.wav")))[0] == 404


def test_tts_plays_the_accounts_engine_and_ends_by_its_keys(office: Office) -> None:
    verb = verbs()["tts"]
    call = FakeCall(account_id=office.id)
    run(verb.run(call, read_data(verb, {"text": "Hola", "language": "es", "voice": "male", "engine": "flite"})))
    assert call.verbs == ["answer", "play"]
    assert recipes(call.did[1][1]) == [Recipe("flite", "male", "es", "Hola")]


def test_tones_are_played_as_the_switch_writes_them(office: Office) -> None:
    verb = verbs()["tones"]
    call = FakeCall(account_id=office.id)
    run(verb.run(call, read_data(verb, verb.examples[0])))
    run(verb.run(call, read_data(verb, verb.examples[1])))
    assert [detail for what, detail in call.did if what == "play"] == [
        "tone_stream://%(500,500,480,620);loops=3",
        "tone_stream://%(330,0,950)",
        "tone_stream://%(330,0,1400)",
        "tone_stream://v=-10;%(330,1000,1800)",
    ]


MENU = {"text": "How can we help?", "phrases": {"sales": ["sales", "buy"], "support": ["support"]}}


def test_a_speech_menu_is_answered_by_keys_where_nobody_understands(office: Office) -> None:
    verb = verbs()["detect_speech"]
    call = FakeCall(account_id=office.id, digits=["7", "2"])
    branch = run(verb.run(call, read_data(verb, MENU, ["support"])))
    assert branch.keys == ("support",)
    assert [what for what, _ in call.did] == ["answer", "collect", "play", "collect"]
    assert texts(call.did[1][1]) == [
        "How can we help?", "For", "sales", "press", "one", "For", "support", "press", "two",
    ]  # fmt: skip
    silent = FakeCall(account_id=office.id)
    assert run(verb.run(silent, read_data(verb, MENU | {"retries": 2}))).keys == ()
    assert silent.verbs.count("collect") == 2


class Listening(Recogniser):
    """Hears what it is told; None breaks it."""

    name = "listening"

    def __init__(self, *hears: str | None) -> None:
        self.hears = iter(hears)

    def words(self, wave: bytes, language: str, expected: Iterable[str]) -> str:
        assert wave == b"RIFF"
        assert list(expected) == ["sales", "buy", "support"]
        heard = next(self.hears)
        if heard is None:
            raise RecognitionFailed("gone")
        return heard


class RecordingCall(FakeCall):
    """What the caller says is a file of this machine."""

    folder: Path

    async def record(self, request: RecordRequest) -> Recorded:
        path = self.folder / Path(request.file).name
        path.write_bytes(b"RIFF")
        self._note("record", request.file)
        return Recorded(request.file, str(path), 900)


def listen(
    office: Office, monkeypatch: pytest.MonkeyPatch, folder: Path, *hears: str | None, **more: Any
) -> tuple[Any, RecordingCall]:
    recogniser = Listening(*hears)
    monkeypatch.setattr(detect_speech, "ready_recogniser", lambda _name: recogniser)
    call = RecordingCall(account_id=office.id, **more)
    call.folder = folder
    verb = verbs()["detect_speech"]
    return run(verb.run(call, read_data(verb, MENU))), call


def test_a_speech_menu_is_answered_by_speaking(office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    branch, call = listen(office, monkeypatch, tmp_path, "Er, what?", "I would like to BUY something.")
    assert branch.keys == ("sales",)
    assert call.verbs == ["answer", "play", "record", "play", "play", "record"]
    assert not list(tmp_path.iterdir()), "what was said is not kept"


def test_a_switch_on_another_machine_sends_what_was_said(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Elsewhere(RecordingCall):
        async def record(self, request: RecordRequest) -> Recorded:
            self._note("record", request.file)
            return Recorded(request.file, f"/var/lib/freeswitch/recordings/{request.file}", 900)

    heard: list[bytes] = []

    def words(self: Any, wave: bytes, language: str, phrases: Any) -> str:
        heard.append(wave)
        return "sales"

    def sent(account_id: str, file_id: str) -> None:
        with account_scope(account_id):
            receive_file(file_id, b"RIFF from afar")

    monkeypatch.setattr(fetch_recorded, "delay", sent)
    monkeypatch.setattr(Listening, "words", words)
    monkeypatch.setattr("tests.integration.pbx.test_speech.RecordingCall", Elsewhere)
    branch, _call = listen(office, monkeypatch, tmp_path)
    assert branch.keys == ("sales",)
    assert heard == [b"RIFF from afar"]
    assert not office.within(lambda: StoredFile.objects.filter(name="speech").exists()), "it is not kept"


def test_a_recogniser_that_fails_leaves_the_keys(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        branch, call = listen(office, monkeypatch, tmp_path, None, digits=["1"])
    assert branch.keys == ("sales",)
    assert call.verbs[-1] == "collect"
    assert "did not understand" in caplog.text


@pytest.mark.parametrize(
    ("heard", "phrase"),
    [
        ("Sales, please!", "sales"),
        ("the sales team", "sales team"),
        ("wholesales", ""),
        ("ESPANOL", "español"),
        ("", ""),
    ],
)
def test_phrases_are_found_in_what_was_said(heard: str, phrase: str) -> None:
    assert phrase_in(heard, ["sales", "sales team", "español"]) == phrase
