"""Files over the switches' door: an address leads to one file of one account, and nobody but a switch is let in."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.files.storage import storages
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.models import Account
from apps.foundation.kit.ids import new_id
from apps.foundation.storage.actions import await_file, read_file, store_file
from apps.foundation.storage.addresses import FileAddress, sign
from apps.foundation.storage.models import FileState, StoredFile
from apps.foundation.storage.queries import find_file, switch_url, upload_url
from apps.interfaces.freeswitch import asgi, files
from tests.company import Company

pytestmark = pytest.mark.django_db
SOUND = bytes(range(256)) * 2000


@pytest.fixture(autouse=True)
def _folder(settings: object, tmp_path: Path) -> Iterator[None]:
    settings.STORAGES = {  # type: ignore[attr-defined]
        **settings.STORAGES,  # type: ignore[attr-defined]
        "files": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    yield
    storages._storages.clear()


def visitor(address: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=asgi.application, client=(address, 40000))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://kazoo")


@pytest.fixture
async def switch() -> AsyncIterator[httpx.AsyncClient]:
    async with visitor() as client:
        yield client


def path_of(url: str) -> str:
    return urlsplit(url).path


async def stored(account: Account, content: bytes = SOUND) -> StoredFile:
    return await in_account(account.id, store_file, "media", "Hello", "audio/wav", content)


async def awaited(account: Account) -> StoredFile:
    return await in_account(account.id, await_file, "voicemail", "Message", "audio/wav")


async def now_of(file: StoredFile) -> StoredFile:
    found = await in_account(file.account_id, find_file, file.id)
    assert found is not None
    return found


async def test_a_file_is_given_whole_in_part_and_not_again(company: Company, switch: httpx.AsyncClient) -> None:
    file = await stored(company.tree.bakery)
    path = path_of(switch_url(file))
    whole = await switch.get(path)
    assert (whole.status_code, whole.content) == (200, SOUND)
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.headers["content-length"] == str(len(SOUND))
    assert "max-age=604800" in whole.headers["cache-control"]
    etag = whole.headers["etag"]
    assert etag == f'"{hashlib.sha256(SOUND).hexdigest()}"'
    assert (await switch.get(path, headers={"if-none-match": etag})).status_code == 304
    part = await switch.get(path, headers={"range": "bytes=100-70000"})
    assert (part.status_code, part.content) == (206, SOUND[100:70001])
    assert part.headers["content-range"] == f"bytes 100-70000/{len(SOUND)}"
    assert (await switch.get(path, headers={"range": "bytes=-7"})).content == SOUND[-7:]
    beyond = await switch.get(path, headers={"range": f"bytes={len(SOUND)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(SOUND)}")
    head = await switch.head(path)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(SOUND)))


@pytest.mark.parametrize(("owner", "other"), [("bakery", "harbour"), ("bakery", "clinic"), ("harbour", "bakery")])
async def test_an_address_of_one_account_opens_nothing_of_another(
    company: Company, switch: httpx.AsyncClient, owner: str, other: str
) -> None:
    mine, theirs = getattr(company.tree, owner), getattr(company.tree, other)
    file = await stored(theirs, b"theirs")
    waiting = await awaited(theirs)
    for identifier, verb, purpose in ((file.id, "GET", "r"), (waiting.id, "PUT", "w")):
        crossed = sign(FileAddress(mine.id, identifier, purpose))  # type: ignore[arg-type]
        answer = await switch.request(verb, f"/freeswitch/files/{crossed}.wav", content=b"mine")
        assert (answer.status_code, answer.content) == (404, b"")
        own = sign(FileAddress(theirs.id, identifier, purpose))  # type: ignore[arg-type]
        swapped = own.replace(theirs.id, mine.id)
        assert (await switch.request(verb, f"/freeswitch/files/{swapped}.wav")).status_code == 403
    assert (await now_of(waiting)).state == FileState.AWAITED


async def test_nobody_but_a_switch_is_let_in(company: Company) -> None:
    file, waiting = await stored(company.tree.bakery), await awaited(company.tree.bakery)
    async with visitor("203.0.113.9") as stranger:
        assert (await stranger.get(path_of(switch_url(file)))).status_code == 403
        assert (await stranger.put(path_of(upload_url(waiting)), content=b"x")).status_code == 403
    async with visitor() as switch:
        assert (await switch.put(path_of(switch_url(file)), content=b"x")).status_code == 405
        assert (await switch.get(path_of(upload_url(waiting)))).status_code == 405
        assert (await switch.get(path_of(switch_url(waiting)))).status_code == 404


async def test_a_recording_is_handed_in_once(company: Company, switch: httpx.AsyncClient) -> None:
    file = await awaited(company.tree.bakery)
    path = path_of(upload_url(file))
    assert (await switch.put(path, content=SOUND)).status_code == 204
    assert (await switch.put(path, content=b"something else")).status_code == 204
    found = await now_of(file)
    assert (found.state, found.size, found.sha256) == (FileState.STORED, len(SOUND), hashlib.sha256(SOUND).hexdigest())
    assert await in_account(found.account_id, read_file, found) == SOUND


async def test_a_recording_that_is_too_long_or_cut_off_is_refused(
    company: Company, switch: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await awaited(company.tree.bakery)
    path = path_of(upload_url(file))
    monkeypatch.setattr(files, "MAX_UPLOAD", 1000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    assert (await switch.put(path, content=b"x" * 1001)).status_code == 413
    assert (await switch.put(path, content=pieces())).status_code == 413
    assert (await switch.put(path, content=b"short", headers={"content-length": "900"})).status_code == 400
    assert (await now_of(file)).state == FileState.AWAITED


@hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(alphabet=st.characters(codec="ascii"), max_size=120), st.just(f"{new_id()}.{new_id()}")))
async def test_no_address_that_was_made_up_opens_anything(switch: httpx.AsyncClient, text: str) -> None:
    answer = await switch.get(httpx.URL("http://kazoo/", raw_path=b"/freeswitch/files/" + quoted(text)))
    assert (answer.status_code, answer.content) == (403, b"")


def quoted(text: str) -> bytes:
    from urllib.parse import quote

    return quote(text, safe="").encode() + b".wav"
