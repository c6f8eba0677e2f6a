"""Media: what may be uploaded, what is made of it, and what it is to the switch."""

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
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.identity.principal import Principal
from apps.foundation.storage.actions import read_file
from apps.foundation.storage.addresses import read_token
from apps.foundation.storage.models import StoredFile
from apps.foundation.storage.queries import find_file
from apps.pbx.media import conversion, music, queries
from apps.pbx.media.actions import create_media, delete_media, replace_media, upload
from apps.pbx.media.conversion import BadAudio, convert
from apps.pbx.media.melody import default_music
from apps.pbx.media.models import Media
from apps.pbx.media.music import default_music_url
from tests.cast import Tree
from tests.integration.pbx.conftest import person

pytestmark = pytest.mark.django_db
FORMS = [
    ("WAV", "PCM_16"),
    ("WAV", "ULAW"),
    ("WAV", "FLOAT"),
    ("MP3", "MPEG_LAYER_III"),
    ("OGG", "VORBIS"),
    ("FLAC", "PCM_24"),
]


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    place = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "files": place}
    yield
    storages._storages.clear()


def tone(
    hertz: int = 1000, form: str = "WAV", subtype: str = "PCM_16", seconds: float = 1.0, rate: int = 44_100
) -> bytes:
    samples = 0.4 * numpy.sin(2 * numpy.pi * hertz * numpy.arange(int(rate * seconds)) / rate)
    written = io.BytesIO()
    soundfile.write(written, numpy.stack([samples, samples], axis=1), rate, format=form, subtype=subtype)
    return written.getvalue()


def strongest(wave: bytes) -> tuple[float, int]:
    """The strongest frequency of a WAV, and its sample rate."""
    samples, rate = soundfile.read(io.BytesIO(wave))
    assert samples.ndim == 1
    spectrum = numpy.abs(numpy.fft.rfft(samples))
    return float(numpy.argmax(spectrum) * rate / len(samples)), rate


def made(admin: Principal, **document: Any) -> Media:
    return create_media({"name": "A sound", **document}, admin)


# Conversion


@pytest.mark.parametrize(("form", "subtype"), FORMS)
def test_every_form_becomes_what_the_switch_plays(form: str, subtype: str) -> None:
    converted = convert(tone(1000, form, subtype))
    assert abs(converted.milliseconds - 1000) <= 60
    for content, rate in ((converted.narrow, 8_000), (converted.wide, 16_000)):
        wave = content.read()
        found, at = strongest(wave)
        assert at == rate
        assert abs(found - 1000) < 5
        assert soundfile.info(io.BytesIO(wave)).subtype == "PCM_16"
    converted.close()


def test_what_a_telephone_cannot_carry_is_not_folded_into_it() -> None:
    converted = convert(tone(6000))
    samples, _rate = soundfile.read(io.BytesIO(converted.narrow.read()))
    assert numpy.abs(samples[800:-800]).max() < 0.02, "but for the clicks of a tone that begins and ends at once"
    assert abs(strongest(converted.wide.read())[0] - 6000) < 5


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<html>", "invalid"),
        (b"RIFF\0\0\0\0WAVE", "invalid"),
        (tone()[:40], "invalid"),
        (b"OggS" + bytes(500), "invalid"),
        (tone(seconds=0), "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "invalid"),
    ],
)
def test_what_is_no_sound_is_refused(content: bytes, rule: str) -> None:
    with pytest.raises(BadAudio) as refused:
        convert(content)
    assert refused.value.rule == rule


def test_a_sound_that_unpacks_into_hours_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "LONGEST", 60)
    written = io.BytesIO()
    soundfile.write(written, numpy.zeros(8000 * 61, dtype="int16"), 8000, format="FLAC")
    assert len(written.getvalue()) < 20_000
    with pytest.raises(BadAudio) as refused:
        convert(written.getvalue())
    assert refused.value.rule == "too_long"


@pytest.mark.parametrize(("channels", "rate", "rule"), [(9, 8000, "channels"), (1, 1000, "sample_rate")])
def test_odd_forms_are_refused(channels: int, rate: int, rule: str) -> None:
    written = io.BytesIO()
    soundfile.write(written, numpy.zeros((100, channels)), rate, format="WAV")
    with pytest.raises(BadAudio) as refused:
        convert(written.getvalue())
    assert refused.value.rule == rule


SAMPLES = [tone(1000, form, subtype, seconds=0.2) for form, subtype in FORMS]


STARTS = [b"RIFF\x24\0\0\0WAVEfmt ", b"OggS\0\2", b"fLaC\0", b"ID3\4\0", b"\xff\xfb"]


def damaged(sample: bytes, place: int, more: bytes, length: int) -> bytes:
    """A sound with some of its bytes replaced, and cut off."""
    at = place % len(sample)
    return (sample[:at] + more + sample[at + len(more) :])[: length or None]


HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.builds(bytes.__add__, st.sampled_from(STARTS), st.binary(max_size=400)),
    st.builds(
        damaged, st.sampled_from(SAMPLES), st.integers(0, 100_000), st.binary(max_size=40), st.integers(0, 5_000)
    ),
)


@hypothesis_settings(max_examples=150, deadline=None)
@given(content=HOSTILE)
def test_hostile_bytes_are_a_sound_or_refused_in_words(content: bytes) -> None:
    try:
        convert(content).close()
    except BadAudio as refused:
        assert refused.message  # noqa: PT017 - either end is right


# Uploading


def test_an_upload_is_kept_and_converted(bakery: Account, admin: Principal) -> None:
    media, content = made(admin), tone(440, "MP3", "MPEG_LAYER_III")
    upload(media, content, admin)
    found = Media.objects.get(id=media.id)
    document = found.to_document()
    assert (document["content_type"], document["content_length"]) == ("audio/mpeg", len(content))
    assert document["duration"] == pytest.approx(1.0, abs=0.1)
    original = find_file(found.original_id)
    assert original is not None
    assert read_file(original) == content
    for wide, rate in ((False, 8000), (True, 16000)):
        url = queries.playable(media.id, wide=wide)
        file = find_file(read_token(urlsplit(url).path.rpartition("/")[2].removesuffix(".wav")).file_id)
        assert file is not None
        assert strongest(read_file(file))[1] == rate


def test_another_upload_replaces_the_first(bakery: Account, admin: Principal) -> None:
    media = made(admin)
    first = queries.playable(upload(media, tone(440), admin).id)
    second = queries.playable(upload(media, tone(880), admin).id)
    assert first != second, "the switch would play what it keeps by the address"
    assert StoredFile.objects.count() == 3


def test_a_refused_upload_changes_nothing(bakery: Account, admin: Principal) -> None:
    media = upload(made(admin), tone(440), admin)
    before = queries.playable(media.id)
    with pytest.raises(ValidationFailed) as refused:
        upload(media, b"nonsense", admin)
    assert list(refused.value.violations) == ["file"]
    assert queries.playable(media.id) == before


def test_only_media_that_have_a_file_take_one(bakery: Account, admin: Principal) -> None:
    spoken = made(admin, media_source="tts", tts={"text": "Hello"})
    with pytest.raises(ValidationFailed) as refused:
        upload(spoken, tone(), admin)
    assert list(refused.value.violations) == ["media_source"]


def test_becoming_a_text_drops_the_files(bakery: Account, admin: Principal) -> None:
    media = upload(made(admin), tone(440), admin)
    replace_media(media, media.to_document() | {"media_source": "tts", "tts": {"text": "Hello"}}, admin)
    assert not StoredFile.objects.exists()
    assert "/speech/" in queries.playable(media.id)
    assert "content_type" not in Media.objects.get(id=media.id).to_document()


def test_deleting_softly_keeps_the_files_and_for_good_does_not(bakery: Account, admin: Principal) -> None:
    media = upload(made(admin), tone(440), admin)
    delete_media(media, admin)
    assert (StoredFile.objects.count(), queries.playable(media.id)) == (3, "")
    other = upload(made(admin), tone(440), admin)
    delete_media(other, admin, hard=True)
    assert StoredFile.objects.count() == 3


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"media_source": "tts"}, "tts.text"),
        ({"media_source": "playlist"}, "playlist"),
        ({"media_source": "playlist", "playlist": {"media": []}}, "playlist.media"),
        ({"media_source": "playlist", "playlist": {"media": ["0" * 32]}}, "playlist.media.0"),
        ({"media_source": "radio"}, "media_source"),
        ({"language": "en us"}, "language"),
        ({"prompt_id": "../../etc"}, "prompt_id"),
        ({"name": ""}, "name"),
    ],
)
def test_bad_documents_are_refused(bakery: Account, admin: Principal, document: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        made(admin, **document)
    assert path in refused.value.violations


# What it is to the switch


def test_a_text_is_spoken_in_its_voice_and_language(bakery: Account, admin: Principal) -> None:
    spoken = made(admin, media_source="tts", language="es-mx", tts={"text": "Hola", "voice": "male/es-MX"})
    assert [(one.voice, one.language, one.text) for one in queries.recipes(spoken)] == [("male", "es-mx", "Hola")]
    assert queries.voice_of("female/en-US", "de") == ("female", "de")
    assert queries.voice_of("de-DE-Wavenet-A", "de") == ("de-DE-Wavenet-A", "de")
    assert queries.voice_of("female", "de") == ("female", "de")


def test_a_playlist_plays_its_media_in_order_or_shuffled(bakery: Account, admin: Principal) -> None:
    media = [upload(made(admin), tone(440 + number, seconds=0.1), admin) for number in range(4)]
    urls = [queries.playable(one.id) for one in media]
    ids = [one.id for one in media]
    ordered = made(admin, media_source="playlist", playlist={"media": ids})
    assert queries.playable(ordered.id) == "file_string://" + "!".join(urls)
    shuffled = made(admin, media_source="playlist", playlist={"media": ids, "shuffle": True})
    seen = {queries.playable(shuffled.id) for _ in range(60)}
    assert len(seen) > 1
    assert {frozenset(one.removeprefix("file_string://").split("!")) for one in seen} == {frozenset(urls)}
    delete_media(media[0], admin)
    assert queries.playable(ordered.id) == "file_string://" + "!".join(urls[1:])


def test_a_long_playlist_is_heard_from_another_place_each_time(bakery: Account, admin: Principal) -> None:
    sound = tone(440, seconds=0.1)
    ids = [upload(made(admin), sound, admin).id for _ in range(15)]
    playlist = made(admin, media_source="playlist", playlist={"media": ids})
    seen = {queries.playable(playlist.id) for _ in range(60)}
    assert len(seen) > 5
    assert all(len(one) <= queries.LONGEST_REFERENCE for one in seen)


def test_a_prompt_is_the_accounts_own_where_it_has_one(bakery: Account, admin: Principal) -> None:
    def own(language: str) -> Media:
        return upload(made(admin, prompt_id="vm-enter_pass", language=language), tone(seconds=0.1), admin)

    spanish, mexican, german = own("es-es"), own("es-mx"), own("de")
    override = queries.prompt_override
    assert override("vm-enter_pass", "es-mx") == queries.playable(mexican.id)
    assert override("vm-enter_pass", "es-ar") == queries.playable(spanish.id)
    assert override("vm-enter_pass", "DE_at") == queries.playable(german.id)
    assert override("vm-enter_pass", "fr") == ""
    assert override("vm-another", "de") == ""
    with pytest.raises(ValidationFailed) as refused:
        own("de")
    assert refused.value.violations["prompt_id"].keys() == {"unique"}


def test_nothing_of_another_account_is_played(tree: Tree, bakery: Account, admin: Principal) -> None:
    media = upload(made(admin, prompt_id="vm-enter_pass"), tone(), admin)
    for other in (tree.clinic, tree.harbour):
        with account_scope(other):
            assert queries.playable(media.id) == ""
            assert queries.prompt_override("vm-enter_pass", "en-us") == ""
            assert music.music_reference(media.id) == ""
            with pytest.raises(ValidationFailed):
                made(admin, media_source="playlist", playlist={"media": [media.id]})


def test_the_nearest_music_on_hold_wins(bakery: Account, admin: Principal) -> None:
    media = upload(made(admin), tone(), admin)
    chosen, gone = {"music_on_hold": {"media_id": media.id}}, {"music_on_hold": {"media_id": "0" * 32}}
    toned = {"music_on_hold": {"media_id": "%(100,100,440)"}}
    assert music.own_music({}, chosen, toned) == queries.playable(media.id)
    assert music.own_music(toned, chosen) == "tone_stream://%(100,100,440)"
    assert music.own_music(gone, toned) == "tone_stream://%(100,100,440)"
    assert music.own_music({}, {"music_on_hold": None}, {"music_on_hold": {"media_id": "/etc/passwd"}}) == ""
    user = person("anna", admin, **chosen)
    assert music.music_for("", user.id, "") == queries.playable(media.id)
    assert music.music_for("", "", "") == default_music_url()
    assert music.music_for("", user.id, "%(9,9,9)") == "tone_stream://%(9,9,9)"


def test_the_melody_is_sound_that_can_be_repeated() -> None:
    samples, rate = soundfile.read(io.BytesIO(default_music()))
    assert (rate, len(samples) / rate) == (16_000, 32.0)
    assert 0.1 < numpy.abs(samples).max() < 0.5
    quietest = min(numpy.sqrt((samples[at : at + rate] ** 2).mean()) for at in range(0, len(samples), rate))
    assert quietest > 0.01, "nobody hears silence"
    assert abs(samples[0] - samples[-1]) < 0.02
