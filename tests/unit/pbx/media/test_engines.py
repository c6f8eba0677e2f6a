"""Engines, what they make, and where it is kept."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import sys
import threading
from array import array
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from apps.pbx.media import engines, rendering, speech_address
from apps.pbx.media.engines import command, espeak_ng, http
from apps.pbx.media.languages import LANGUAGES
from apps.pbx.media.rendering import Recipe, render, sweep
from apps.pbx.media.speech_address import BadSpeechAddress, recipe_of, speech_url, token_of
from apps.pbx.media.wave import SAMPLE_RATE, NotAWave, loudness, read_wave, telephone_wave, tone, write_wave
from kazoo.environment import environment

HELLO = {
    "en": "Good morning", "es": "Buenos días", "fr": "Bonjour", "de": "Guten Morgen", "pt": "Bom dia",
    "it": "Buongiorno", "nl": "Goedemorgen", "ru": "Доброе утро", "ar": "صباح الخير", "zh": "早上好",
}  # fmt: skip


class _Service(BaseHTTPRequestHandler):
    """Speaks a tone, a second long, and remembers what it was asked."""

    asked: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        _Service.asked.append({**json.loads(body), "key": self.headers["authorization"]})
        wave = write_wave(tone(500, 1000, 24_000), 24_000)
        self.send_response(500 if b"broken" in body else 200)
        self.send_header("content-length", str(len(wave)))
        self.end_headers()
        self.wfile.write(wave)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    use(monkeypatch, home=tmp_path)
    yield tmp_path
    engines.forget()


def use(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Run with another environment."""
    changed = dataclasses.replace(rendering.environment, **changes)
    for module in (rendering, engines, command, http, speech_address):
        monkeypatch.setattr(module, "environment", changed)
    engines.forget()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _Service.asked.clear()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1/audio/speech"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_espeak_speaks_every_language(language: str) -> None:
    rendered = render(Recipe("espeak_ng", "female", language, HELLO[language]))
    channels, rate, samples = read_wave(rendered.wave)
    assert rendered.is_kept
    assert (channels, rate) == (1, SAMPLE_RATE)
    assert 0.3 < len(samples) / rate < 4
    assert loudness(samples) > 500


def test_the_wheel_speaks_where_there_is_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    program = str(Path(espeak_ng.__file__).parent.parent / "espeak_program.py")
    monkeypatch.setattr(espeak_ng, "_command", lambda: (sys.executable, "-I", program))
    _channels, rate, samples = read_wave(render(Recipe("espeak_ng", "male", "ru", "Доброе утро")).wave)
    assert len(samples) / rate > 0.3
    assert loudness(samples) > 500


def test_a_man_and_a_woman_sound_different() -> None:
    assert espeak_ng.espeak_voice("es-mx", "male") != espeak_ng.espeak_voice("es-mx", "female")
    assert espeak_ng.espeak_voice("es-mx", "") == "es-419+f2"
    assert espeak_ng.espeak_voice("tlh", "../../etc") == "en-us+f2"
    woman, man = (render(Recipe("espeak_ng", voice, "en", "Hello")).wave for voice in ("female", "male"))
    assert woman != man


def test_a_text_is_rendered_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe("", "", "en-us", "Once")
    first = render(recipe)
    files = list((home / "speech").glob("*/*"))
    assert [file.name for file in files] == [f"{first.digest}.wav"]

    def refuse(*args: Any) -> bytes:
        raise AssertionError("rendered again")

    monkeypatch.setattr(espeak_ng.EspeakNg, "speak", refuse)
    assert render(recipe) == first
    assert render(Recipe("", "", "en_US", "Once")).digest == first.digest
    assert rendering.digest_of(Recipe("", "male", "en-us", "Once")) != first.digest


def test_the_folder_is_bounded_and_the_longest_unused_goes_first(home: Path) -> None:
    for place, text in enumerate(("One", "Two", "Three")):
        digest = render(Recipe("", "", "en", text)).digest
        path = home / "speech" / digest[:2] / f"{digest}.wav"
        os.utime(path, (place, place))
    sizes = sum(path.stat().st_size for path in (home / "speech").glob("*/*.wav"))
    assert sweep(sizes) == 0
    assert sweep(sizes - 1) == 1
    left = {path.stem for path in (home / "speech").glob("*/*.wav")}
    assert left == {rendering.digest_of(Recipe("", "", "en", text)) for text in ("Two", "Three")}


def test_a_program_by_template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "speak.py"
    script.write_text(
        "import sys, shutil\n"
        "assert sys.argv[2:4] == ['es', 'male'] and sys.stdin.read() == 'Hola; $(reboot)'\n"
        f"shutil.copy({str(tmp_path / 'made.wav')!r}, sys.argv[1])\n"
    )
    (tmp_path / "made.wav").write_bytes(write_wave(tone(440, 500), SAMPLE_RATE))
    use(monkeypatch, speech_command=f"{sys.executable} {script} {{file}} {{language}} {{voice}}")
    assert engines.chosen_engine().name == "command"
    rendered = render(Recipe("", "male", "es", "Hola; $(reboot)"))
    assert rendered.is_kept
    assert loudness(read_wave(rendered.wave)[2]) > 3000


def test_a_service_is_asked_with_key_model_and_voice(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    use(monkeypatch, speech_url=service, speech_key="sk-1", speech_model="m", speech_voices={"female": "nova"})
    rendered = render(Recipe("", "female", "fr", "Bonjour"))
    assert read_wave(rendered.wave)[1] == SAMPLE_RATE
    assert _Service.asked == [
        {
            "model": "m",
            "input": "Bonjour",
            "voice": "nova",
            "response_format": "wav",
            "language": "fr",
            "key": "Bearer sk-1",
        }
    ]


def test_another_engine_stands_in_and_that_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, service: str, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    use(monkeypatch, speech_url=service)
    rendered = render(Recipe("", "", "en", "broken"))
    assert not rendered.is_kept
    assert not list((home / "speech").glob("*/*.wav"))
    assert "http could not say 'broken'" in caplog.text
    assert len(read_wave(rendered.wave)[2]) / SAMPLE_RATE > 0.2


def test_where_nothing_can_speak_a_tone_is_heard_and_the_log_is_loud(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(espeak_ng, "_command", lambda: ())
    engines.forget()
    with caplog.at_level(logging.INFO):
        assert engines.announce() == "tone"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "espeak-ng" in caplog.text
    rendered = render(Recipe("", "", "en", "Hello"))
    assert loudness(read_wave(rendered.wave)[2]) > 2000


def test_an_engine_that_is_not_there_is_the_installations(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert engines.chosen_engine("flite") is engines.chosen_engine()
    use(monkeypatch, speech_engine="flite")
    assert engines.chosen_engine().name == "espeak_ng"
    assert "KAZOO_SPEECH_ENGINE=flite" in caplog.text


def test_an_address_is_the_same_for_the_same_words_and_cannot_be_made_up() -> None:
    recipe = Recipe("", "female", "ar", "صباح الخير")
    token = token_of(recipe)
    assert speech_url(recipe) == speech_url(recipe)
    assert speech_url(recipe).endswith(f"/freeswitch/speech/{token}.wav")
    assert recipe_of(token) == recipe
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "", "x.y", token.replace(".", ":")):
        with pytest.raises(BadSpeechAddress):
            recipe_of(wrong)


def test_waves_of_all_kinds_become_a_telephones() -> None:
    stereo = array("h", [sample for sample in tone(440, 300, 44_100) for _ in range(2)])
    header = bytearray(write_wave(stereo, 44_100))
    header[22] = 2  # two channels
    header[40:44] = b"\xff\xff\xff\x7f"  # as a program writes that cannot know the length yet
    channels, rate, samples = read_wave(telephone_wave(bytes(header)))
    assert (channels, rate) == (1, SAMPLE_RATE)
    assert abs(len(samples) - 0.3 * SAMPLE_RATE) < 200
    for wrong in (b"", b"ID3", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd"):
        with pytest.raises(NotAWave):
            telephone_wave(wrong)


def test_silence_at_the_ends_goes() -> None:
    pause = array("h", bytes(2 * SAMPLE_RATE))
    samples = read_wave(telephone_wave(write_wave(pause + tone(440, 500) + pause, SAMPLE_RATE)))[2]
    assert 0.5 <= len(samples) / SAMPLE_RATE < 0.7


def test_the_environment_says_which_engine() -> None:
    assert environment.speech_engine == "auto"
