"""Sounds of the account, heard: uploads, playlists, music on hold, and what a switch hands back to us."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import numpy
import soundfile

from apps.foundation.accounts.bridge import in_account
from apps.foundation.storage.actions import await_file
from apps.foundation.storage.models import FileState
from apps.foundation.storage.queries import find_file, served_from, upload_url
from apps.switching.calls.commands import remove_recording
from apps.switching.calls.files import keep_recorded
from tests.telephony.cast import Cast, Customer, talk
from tests.telephony.stack import until


def sine(hertz: int, form: str, seconds: float = 3.0, rate: int = 44_100) -> bytes:
    """A stereo tone as a file of this form."""
    tone = 0.4 * numpy.sin(2 * numpy.pi * hertz * numpy.arange(int(rate * seconds)) / rate)
    written = io.BytesIO()
    soundfile.write(written, numpy.stack([tone, tone], axis=1), rate, format=form)
    return written.getvalue()


async def uploaded(customer: Customer, name: str, content: bytes, content_type: str) -> str:
    """The id of a new medium with this sound, uploaded as a customer's program does."""
    made = await customer.put("media", {"name": name})
    base = f"{customer.api.base}v2/accounts/{customer.account_id}/media/{made['id']}/raw"
    async with httpx.AsyncClient() as client:
        headers = {"X-Auth-Token": customer.api.token, "Content-Type": content_type}
        answer = await client.post(base, content=content, headers=headers)
        assert answer.is_success, answer.text
        raw = await client.get(base, headers=headers)
        assert raw.content == content
    return str(made["id"])


async def test_an_uploaded_mp3_is_heard(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    media_id = await uploaded(bakery, "Welcome", sine(1000, "MP3"), "audio/mpeg")
    await bakery.flow(["8000"], "play", {"id": media_id})
    call = await anna.dial("8000")
    await call.answered()
    await call.hears_tone(1000, lasting=1.0)
    assert await call.ended() == 200


async def test_a_playlist_is_played_over_and_over_until_a_key_is_pressed(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ids = [
        await uploaded(bakery, "Low", sine(500, "FLAC", 0.8), "audio/flac"),
        await uploaded(bakery, "High", sine(1500, "OGG", 0.8), "audio/ogg"),
    ]
    playlist = await bakery.put("media", {"name": "Both", "media_source": "playlist", "playlist": {"media": ids}})
    after = {"_": {"module": "play", "data": {"id": "%(3000,0,900)"}, "children": {}}}
    await bakery.flow(
        ["8000"], "play", {"id": playlist["id"], "endless_playback": True, "terminators": ["5"]}, children=after
    )
    call = await anna.dial("8000")
    await call.answered()
    for _ in range(2):
        await call.hears_tone(500, lasting=0.4)
        await call.hears_tone(1500, lasting=0.4)
    await call.press("5")
    await call.hears_tone(900, lasting=0.4)
    await call.hang_up()


async def test_who_is_put_on_hold_hears_the_nearest_music(cast: Cast) -> None:
    """The music is that of whoever holds: his device's, else his account's."""
    cast.sip_only("music on hold")
    bakery = await cast.customer()
    of_device = await uploaded(bakery, "Mine", sine(600, "WAV"), "audio/wav")
    of_account = await uploaded(bakery, "Ours", sine(1200, "WAV"), "audio/wav")
    await bakery.patch("", {"music_on_hold": {"media_id": of_account}})
    anna = await bakery.phone("anna", music_on_hold={"media_id": of_device})
    ben = await bakery.phone("ben", extension="1002")
    await ben.behave("answer")
    call = await anna.dial("1002")
    ring = await ben.rings()
    await talk(call, ring)
    await call.hold()
    await ring.hears_tone(600)
    await call.resume()
    await talk(call, ring)
    await ring.hold()
    await call.hears_tone(1200)
    await ring.resume()
    await call.hang_up()


async def test_who_chose_no_music_plays_the_installations(cast: Cast) -> None:
    cast.sip_only("music on hold")
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    await ben.behave("answer")
    call = await anna.dial("1002")
    ring = await ben.rings()
    await talk(call, ring)
    await call.hold()
    await ring.hears_sound(lasting=2.0)
    await call.hang_up()


async def test_a_switch_hands_in_what_it_recorded(cast: Cast) -> None:
    """Over HTTP, as a node on another machine does."""
    cast.sip_only("mod_http_cache")
    bakery = await cast.customer()
    content = sine(700, "WAV")
    path = cast.stack.home / "freeswitch" / "recordings" / "handed.wav"
    path.write_bytes(content)
    file = await in_account(bakery.account_id, await_file, "recording", "A call", "audio/wav")
    url = upload_address(cast, file)
    assert (await cast.fs("http_put", f"{url} {path}")).startswith("+OK")
    found: Any = await in_account(bakery.account_id, find_file, file.id)
    assert found.state == FileState.STORED
    assert await in_account(bakery.account_id, read_file_in, cast.stack.home / "files", found.path) == content
    removal = remove_recording(str(path))
    assert (await cast.fs(removal.name, removal.arguments)).startswith("+OK")
    assert not path.exists()


async def test_a_recording_on_the_node_beside_us_is_fetched(cast: Cast) -> None:
    bakery = await cast.customer()
    content = sine(700, "WAV")
    folder = cast.stack.home / "freeswitch" / "recordings" / bakery.account_id
    folder.mkdir(parents=True)
    path = folder / "1.wav"
    path.write_bytes(content)
    file = await in_account(bakery.account_id, keep_recorded, "voicemail", str(path), switch="local", name="Message")

    async def is_here() -> bool:
        found: Any = await in_account(bakery.account_id, find_file, file.id)
        return bool(found.state == FileState.STORED)

    await until(is_here, "the recording is stored", 15)
    await until(lambda: not path.exists(), "it is gone from the switch", 5)


def read_file_in(folder: Path, path: str) -> bytes:
    return (folder / path).read_bytes()


def upload_address(cast: Cast, file: Any) -> str:
    """As a process of the running system would make it."""
    return cast.stack.environment.local_url + upload_url(file).removeprefix(served_from())
