from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from pydantic import Field

from apps.foundation.kit.outbound import NotReachable, public_address
from apps.foundation.storage_plans.backend import BLOCK, Backend, BackendSettings, FileFacts, pieces
from apps.foundation.storage_plans.errors import BackendError, NothingThere

if TYPE_CHECKING:
    import paramiko

_SECONDS = 60.0


class SftpSettings(BackendSettings):
    """A server that speaks SFTP, the file transfer of SSH."""

    host: str = Field(min_length=1, max_length=253, pattern=r"^[^\s/]+$", description="The server.")
    port: int = Field(22, ge=1, le=65535, description="Its port.")
    username: str = Field(min_length=1, max_length=255, description="Who signs in.")
    password: str | None = Field(None, max_length=1024, description="The password.")
    private_key: str | None = Field(None, max_length=16_384, description="A private key instead, as OpenSSH writes it.")
    host_key: str = Field(
        min_length=1,
        max_length=8192,
        description="The server's public key (`ssh-ed25519 AAAA…`) or its fingerprint (`SHA256:…`): no other server is "
        "signed in to.",
    )


class Sftp(Backend):
    """Files are written under another name first, so that nobody sees half of one."""

    settings_shape = SftpSettings
    secrets = ("password", "private_key")
    movable = ("username", "host_key")

    def __init__(self, settings: Mapping[str, Any], owner_id: str = "") -> None:
        super().__init__(settings, owner_id)
        self._settings = SftpSettings.model_validate(settings)

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        target = PurePosixPath(path)
        unfinished = str(target.with_name(f".{target.name}.part"))
        with self._connected() as server:
            for parent in reversed(target.parents[:-1]):
                with contextlib.suppress(OSError):  # it is there
                    server.mkdir(str(parent))
            with server.open(unfinished, "wb") as written:
                written.set_pipelined(True)
                for piece in pieces(content):
                    written.write(piece)
            with contextlib.suppress(FileNotFoundError):
                server.remove(path)
            server.rename(unfinished, path)
        return path

    def read(self, place: str, first: int, last: int) -> bytes:
        with self._connected() as server, server.open(place, "rb") as opened:
            opened.seek(first)
            part: bytes = opened.read(last - first + 1)
            return part

    def open(self, place: str, size: int) -> IO[bytes]:
        fetched = SpooledTemporaryFile(BLOCK)  # noqa: SIM115 - the caller closes it
        try:
            with self._connected() as server:
                server.getfo(place, fetched)
        except BaseException:
            fetched.close()
            raise
        fetched.seek(0)
        return fetched

    def delete(self, place: str) -> None:
        with contextlib.suppress(NothingThere), self._connected() as server:
            server.remove(place)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[paramiko.SFTPClient]:
        import paramiko

        try:
            with self._transport() as transport:
                client = paramiko.SFTPClient.from_transport(transport)
                if client is None:
                    raise BackendError("The server offers no file transfer")
                yield client
        except BackendError:
            raise
        except FileNotFoundError as error:
            raise NothingThere("There is no such file") from error
        except NotReachable as error:
            raise BackendError(f"The server cannot be reached: {error}") from error
        except paramiko.AuthenticationException as error:
            raise BackendError(f"The server does not let {self._settings.username} in") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise BackendError(f"The connection failed: {error or type(error).__name__}") from error

    @contextlib.contextmanager
    def _transport(self) -> Iterator[paramiko.Transport]:
        import paramiko

        settings = self._settings
        address = public_address(settings.host, settings.port)
        transport = paramiko.Transport(socket.create_connection((address, settings.port), _SECONDS))
        try:
            transport.start_client(timeout=_SECONDS)
            self._check(transport.get_remote_server_key())
            if settings.private_key:
                transport.auth_publickey(settings.username, _private_key(settings.private_key))
            else:
                transport.auth_password(settings.username, settings.password or "")
            yield transport
        finally:
            transport.close()

    def _check(self, key: paramiko.PKey) -> None:
        known = self._settings.host_key.split()
        if known[0].startswith("SHA256:"):
            same = known[0].rstrip("=") == key.fingerprint.rstrip("=")
        else:
            same = key.get_base64() in known
        if not same:
            raise BackendError(f"The server has another key than expected: {key.fingerprint}")


def _private_key(text: str) -> paramiko.PKey:
    import paramiko

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with contextlib.suppress(paramiko.SSHException, ValueError):
            return kind.from_private_key(StringIO(text))
    raise BackendError("The private key is none that OpenSSH writes without a passphrase")
