"""Every kind of storage gives back what it was given, in whole and in part, and says what is wrong in words."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from apps.foundation.kit.ids import new_id
from apps.foundation.storage_plans import probing
from apps.foundation.storage_plans.backend import Backend, FileFacts
from apps.foundation.storage_plans.backends import backends, dropbox
from apps.foundation.storage_plans.errors import BackendError, NothingThere
from tests import cloud_drives
from tests.storage_servers import ADDRESS, cloud, ftp_server, sftp_server, web_folder

SOUND = bytes(range(256)) * 10_000
FACTS = FileFacts(len(SOUND), hashlib.sha256(SOUND).hexdigest(), "audio/wav", "Call.wav", {"kind": "recording"})
PATH = "acme/2026/11/recording/a call.wav"
KINDS = ("local", "http", "s3", "ftp", "sftp", "azure", "google_storage", "google_drive", "onedrive", "dropbox")


@pytest.fixture(autouse=True)
def _here(settings: Any, tmp_path: Path) -> None:
    settings.OUTBOUND_ALLOWED = (f"{ADDRESS}/32",)
    settings.STORAGE_DIRECTORY = tmp_path / "storage"


@pytest.fixture(params=KINDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    kind = request.param
    with reached(kind, tmp_path) as settings:
        yield backends()[kind](settings, "0" * 32)


@contextmanager
def reached(kind: str, folder: Path) -> Iterator[dict[str, Any]]:
    """The settings for a server that runs until the end of the block."""
    oauth = {"client_id": "app", "client_secret": "s", "refresh_token": new_id()}
    if kind == "local":
        yield {}
    elif kind == "http":
        with web_folder() as server:
            yield {"url": server.url}
    elif kind == "s3":
        with s3_server() as settings:
            yield settings
    elif kind == "ftp":
        with ftp_server(folder) as port:
            yield {"host": ADDRESS, "port": port, "username": "ada", "password": "sesame", "tls": "none"}
    elif kind == "sftp":
        with sftp_server(folder) as (port, key):
            yield {"host": ADDRESS, "port": port, "username": "ada", "password": "sesame", "host_key": key}
    else:
        with cloud(getattr(cloud_drives, kind)) as (url, _):
            usual = {**oauth, "token_url": f"{url}/token", "api_url": url}
            yield {
                "azure": {"account": "acme", "container": "archive", "key": "c2VzYW1l", "endpoint": url},
                "google_storage": {"bucket": "archive", "service_account": service_account(url), "endpoint": url},
                "google_drive": {**usual, "folder_id": "folder-1"},
                "dropbox": {**usual, "content_url": url},
            }.get(kind, usual)


@contextmanager
def s3_server() -> Iterator[dict[str, Any]]:
    import httpx
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address=ADDRESS, port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        assert httpx.put(f"http://{host}:{port}/archive").status_code == 200
        common = {"bucket": "archive", "key": "k", "secret": "s", "scheme": "http"}
        yield common | {"host": host, "port": port, "server_side_encryption": "AES256"}
    finally:
        server.stop()


def service_account(url: str) -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = {"type": "service_account", "client_email": "kazoo@acme.test", "private_key": key.decode()}
    return json.dumps(told | {"token_uri": f"{url}/token"})


def test_what_was_written_is_read_and_removed(backend: Backend) -> None:
    place = backend.write(PATH, io.BytesIO(SOUND), FACTS)
    with backend.open(place, len(SOUND)) as opened:
        assert opened.read() == SOUND
        opened.seek(1_500_001)
        assert opened.read(70_000) == SOUND[1_500_001:1_570_001]
    assert backend.read(place, 255, 257) == SOUND[255:258]
    again = backend.write(PATH, io.BytesIO(SOUND), FACTS)
    backend.delete(place)
    if again != place:  # a drive without paths keeps both
        backend.delete(again)
    with pytest.raises(NothingThere):
        backend.read(place, 0, 9)
    backend.delete(place)


def test_it_can_be_tried_out(backend: Backend) -> None:
    result = probing.probe(backend, backend.settings_shape.model_construct(field_separator="/"), "0" * 32)
    assert result == probing.Probe(), result


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "local"])
def test_an_address_of_ours_is_refused(kind: str, tmp_path: Path, settings: Any) -> None:
    with reached(kind, tmp_path) as given:
        settings.OUTBOUND_ALLOWED = ()
        with pytest.raises(BackendError, match="no public address"):
            backends()[kind](given, "0" * 32).write(PATH, io.BytesIO(SOUND), FACTS)


@pytest.mark.parametrize(
    ("kind", "changed", "words"),
    [
        ("ftp", {"password": "wrong"}, "530"),
        ("sftp", {"password": "wrong"}, "does not let ada in"),
        ("sftp", {"host_key": "SHA256:somebody-else"}, "another key"),
        ("s3", {"bucket": "elsewhere"}, "does not exist"),
        ("dropbox", {"refresh_token": "revoked"}, "The consent was withdrawn"),
        ("google_storage", {"service_account": "{}"}, "does not let the service account in"),
        ("azure", {"key": "abcde"}, "no base64"),
    ],
)
def test_what_is_wrong_is_said(kind: str, changed: dict[str, Any], words: str, tmp_path: Path) -> None:
    with reached(kind, tmp_path) as settings:
        result = probing.probe(
            backends()[kind](settings | changed, "0" * 32), backends()[kind].settings_shape.model_construct(), "0" * 32
        )
    assert result.step == "write"
    assert words in result.message


def test_the_disk_is_not_left(tmp_path: Path) -> None:
    local = backends()["local"]({}, "0" * 32)
    with pytest.raises(BackendError):
        local.write("../../elsewhere", io.BytesIO(b""), FACTS)


def test_a_large_file_goes_to_dropbox_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dropbox, "_PART", 1_000_000)
    with reached("dropbox", tmp_path) as settings:
        backend = backends()["dropbox"](settings)
        place = backend.write(PATH, io.BytesIO(SOUND), FACTS)
        assert backend.open(place, len(SOUND)).read() == SOUND


@pytest.mark.parametrize("more", [{"base64_encode_data": True}, {"verb": "post"}, {"username": "u", "password": "p"}])
def test_ways_of_http(more: dict[str, Any]) -> None:
    with web_folder() as server:
        backend = backends()["http"]({"url": f"{server.url}/in", **more})
        place = backend.write(PATH, io.BytesIO(SOUND), FACTS)
        assert backend.open(place, len(SOUND)).read() == SOUND
        server.ranges = False
        assert backend.read(place, 10, 19) == SOUND[10:20]


def test_a_part_of_two_tells_of_the_file() -> None:
    with web_folder() as server:
        backend = backends()["http"]({"url": server.url, "send_multipart": True, "verb": "post"})
        backend.write(PATH, io.BytesIO(SOUND), FACTS)
        (sent,) = server.files.values()
        (headers,) = server.headers.values()
    boundary = headers["content-type"].partition("boundary=")[2].encode()
    first, second = sent.split(b"--" + boundary)[1:3]
    assert json.loads(first.partition(b"\r\n\r\n")[2])["kind"] == "recording"
    assert second.partition(b"\r\n\r\n")[2] == SOUND + b"\r\n"


def test_ftp_is_encrypted_and_its_certificate_checked(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    folder = tmp_path / "server"
    folder.mkdir()
    with ftp_server(folder, certificate) as port:
        settings = {"host": ADDRESS, "port": port, "username": "ada", "password": "sesame"}
        with pytest.raises(BackendError, match="certificate verify failed"):
            backends()["ftp"](settings).write(PATH, io.BytesIO(SOUND), FACTS)
        with pytest.raises(BackendError, match="550"):
            backends()["ftp"]({**settings, "tls": "none"}).write(PATH, io.BytesIO(SOUND), FACTS)
        backend = backends()["ftp"]({**settings, "tls_verify": False})
        place = backend.write(PATH, io.BytesIO(SOUND), FACTS)
        assert backend.open(place, len(SOUND)).read() == SOUND
        assert (folder / PATH).read_bytes() == SOUND


def self_signed(folder: Path) -> Path:
    """A key and a certificate of nobody's in one file."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ftp.test")])
    today = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(today).not_valid_after(today + timedelta(days=1))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file
