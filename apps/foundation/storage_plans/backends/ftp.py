from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, Literal

from pydantic import Field

from apps.foundation.kit.outbound import NotReachable, public_address
from apps.foundation.storage_plans.backend import BLOCK, Backend, BackendSettings, FileFacts
from apps.foundation.storage_plans.errors import BackendError, NothingThere

if TYPE_CHECKING:
    import ftplib

_SECONDS = 60.0
#: "Requested action not taken: file unavailable" (RFC 959 §4.2).
_NOT_THERE = "550"


class FtpSettings(BackendSettings):
    """A server that speaks FTP (RFC 959), best with TLS (RFC 4217)."""

    host: str = Field(min_length=1, max_length=253, pattern=r"^[^\s/]+$", description="The server.")
    port: int = Field(21, ge=1, le=65535, description="Its port.")
    username: str = Field("anonymous", max_length=255, description="Who signs in.")
    password: str | None = Field(None, max_length=1024, description="The password.")
    tls: Literal["none", "explicit", "implicit"] = Field("explicit", description="How the connection is encrypted.")
    tls_verify: bool = Field(True, description="Whether the server's certificate must be a valid one.")
    passive: bool = Field(True, description="Whether the server opens the port for data.")


class Ftp(Backend):
    """Files are written under another name first, so that nobody sees half of one."""

    settings_shape = FtpSettings
    secrets = ("password",)
    movable = ("username", "tls", "tls_verify", "passive")

    def __init__(self, settings: Mapping[str, Any], owner_id: str = "") -> None:
        super().__init__(settings, owner_id)
        self._settings = FtpSettings.model_validate(settings)

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        import ftplib

        target = PurePosixPath(path)
        unfinished = str(target.with_name(f".{target.name}.part"))
        with self._connected() as server:
            for parent in reversed(target.parents[:-1]):
                with contextlib.suppress(ftplib.error_perm):  # it is there
                    server.mkd(str(parent))
            server.storbinary(f"STOR {unfinished}", content, BLOCK)
            try:
                server.rename(unfinished, path)
            except ftplib.error_perm:  # some servers rename over nothing
                server.delete(path)
                server.rename(unfinished, path)
        return path

    def read(self, place: str, first: int, last: int) -> bytes:
        with self.open(place, 0) as opened:
            opened.seek(first)
            return opened.read(last - first + 1)

    def open(self, place: str, size: int) -> IO[bytes]:
        fetched = SpooledTemporaryFile(BLOCK)  # noqa: SIM115 - the caller closes it
        try:
            with self._connected() as server:
                server.retrbinary(f"RETR {place}", fetched.write, BLOCK)
        except BaseException:
            fetched.close()
            raise
        fetched.seek(0)
        return fetched

    def delete(self, place: str) -> None:
        with contextlib.suppress(NothingThere), self._connected() as server:
            server.delete(place)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[ftplib.FTP]:
        import ftplib

        try:
            server = self._sign_in()
            try:
                yield server
            finally:
                with contextlib.suppress(OSError, EOFError, ftplib.Error):
                    server.quit()
                server.close()
        except BackendError:
            raise
        except NotReachable as error:
            raise BackendError(f"The server cannot be reached: {error}") from error
        except ftplib.Error as error:
            kind = NothingThere if str(error).startswith(_NOT_THERE) else BackendError
            raise kind(f"The server answered: {error}") from error
        except (OSError, EOFError) as error:
            raise BackendError(f"The connection failed: {error or type(error).__name__}") from error

    def _sign_in(self) -> ftplib.FTP:
        import ftplib
        import ssl

        settings = self._settings
        address = public_address(settings.host, settings.port)
        if settings.tls == "none":
            server = ftplib.FTP(timeout=_SECONDS)  # noqa: S321 - the customer says so
        else:
            context = ssl.create_default_context()
            if not settings.tls_verify:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            server = ftplib.FTP_TLS(context=context, timeout=_SECONDS)  # noqa: S321 - encrypted
        server.host = settings.host  # what the certificate is checked against
        server.set_pasv(settings.passive)
        server.sock = socket.create_connection((address, settings.port), _SECONDS)
        server.af = server.sock.family
        if settings.tls == "implicit":
            assert isinstance(server, ftplib.FTP_TLS)
            server.sock = server.context.wrap_socket(server.sock, server_hostname=settings.host)
        server.file = server.sock.makefile("r", encoding=server.encoding)
        server.welcome = server.getresp()
        server.login(settings.username, settings.password or "")
        if isinstance(server, ftplib.FTP_TLS):
            server.prot_p()
        return server
