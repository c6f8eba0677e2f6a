"""Storages on addresses of this machine that the tests allow."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cloud_drives import Cloud, read

ADDRESS = "127.0.0.78"


@dataclass
class WebFolder:
    """What a web server keeps, by path. While `broken` says something, everything is refused with that status."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    broken: int = 0
    ranges: bool = True
    damages: bool = False
    deletes: bool = True


@contextmanager
def web_folder() -> Iterator[WebFolder]:
    """A server that takes PUT and POST, and answers GET (with ranges) and DELETE."""
    folder = WebFolder()

    class Handler(BaseHTTPRequestHandler):
        def _store(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if folder.broken:
                self._answer(folder.broken, b'{"message": "the cellar is flooded"}')
                return
            folder.files[self.path] = content[:-1] + b"?" if folder.damages else content
            folder.headers[self.path] = {name.lower(): value for name, value in self.headers.items()}
            self._answer(201)

        do_PUT = do_POST = _store  # noqa: N815 - http.server's names

        def do_GET(self) -> None:
            content = folder.files.get(self.path)
            if folder.broken or content is None:
                self._answer(folder.broken or 404)
                return
            asked = self.headers.get("Range", "")
            if asked and folder.ranges:
                first, last = asked.removeprefix("bytes=").split("-")
                self._answer(206, content[int(first) : int(last) + 1])
            else:
                self._answer(200, content)

        def do_DELETE(self) -> None:
            if folder.broken or not folder.deletes:
                self._answer(folder.broken or 405)
                return
            self._answer(204 if folder.files.pop(self.path, None) is not None else 404)

        def _answer(self, status: int, content: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer((ADDRESS, 0), Handler)
    folder.url = f"http://{ADDRESS}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield folder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def cloud(answer: Cloud) -> Iterator[tuple[str, dict[str, bytes]]]:
    """A cloud drive: its address, and what it keeps."""
    kept: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = answer(read(self.command, self.path, dict(self.headers.items()), body, address), kept)
            self.send_response(said.status)
            for name, text in {**said.headers, "Content-Length": str(len(said.content))}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(said.content)

        do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer((ADDRESS, 0), Handler)
    address = f"http://{ADDRESS}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield address, kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def ftp_server(folder: Path, certificate: Path | None = None) -> Iterator[int]:
    """A real FTP server (pyftpdlib) for `ada` with `sesame`; its port. With a certificate it wants TLS."""
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.servers import ThreadedFTPServer

    authorizer = DummyAuthorizer()
    authorizer.add_user("ada", "sesame", str(folder), perm="elradfmw")
    secured = {"certfile": str(certificate), "tls_control_required": True, "tls_data_required": True}
    kind, more = (TLS_FTPHandler, secured) if certificate else (FTPHandler, {})
    handler = type("Handler", (kind,), {"authorizer": authorizer, **more})
    server = ThreadedFTPServer((ADDRESS, 0), handler)

    def serve() -> None:
        with suppress(OSError):  # its sockets are closed under it: that is how it ends
            server.serve_forever(handle_exit=False)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.address[1]
    finally:
        server.close_all()
        thread.join(10)


@contextmanager
def sftp_server(folder: Path) -> Iterator[tuple[int, str]]:  # noqa: C901 - a server in one piece
    """An SFTP server over a folder, for `ada` with `sesame`: its port, and the fingerprint of its key."""
    import paramiko

    key = paramiko.RSAKey.generate(2048)

    class Door(paramiko.ServerInterface):
        def check_auth_password(self, username: str, password: str) -> int:
            known = (username, password) == ("ada", "sesame")
            return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

        def check_channel_request(self, kind: str, chanid: int) -> int:
            return paramiko.OPEN_SUCCEEDED

        def get_allowed_auths(self, username: str) -> str:
            return "password"

    class Files(paramiko.SFTPServerInterface):
        def _at(self, path: str) -> Path:
            return folder / path.lstrip("/")

        def open(self, path: str, flags: int, attr: Any) -> Any:
            try:
                opened = os.fdopen(os.open(self._at(path), flags, 0o600), "r+b" if flags & os.O_ACCMODE else "rb")
            except OSError as error:
                return paramiko.SFTPServer.convert_errno(error.errno or 0)
            handle = paramiko.SFTPHandle(flags)
            handle.readfile = handle.writefile = opened  # type: ignore[attr-defined]
            return handle

        def stat(self, path: str) -> Any:
            try:
                return paramiko.SFTPAttributes.from_stat(self._at(path).stat())
            except OSError as error:
                return paramiko.SFTPServer.convert_errno(error.errno or 0)

        lstat = stat

        def _do(self, work: Callable[[], Any]) -> int:
            try:
                work()
            except OSError as error:
                return paramiko.SFTPServer.convert_errno(error.errno or 0)
            return paramiko.SFTP_OK

        def remove(self, path: str) -> int:
            return self._do(self._at(path).unlink)

        def rename(self, oldpath: str, newpath: str) -> int:
            return self._do(lambda: self._at(oldpath).rename(self._at(newpath)))

        def mkdir(self, path: str, attr: Any) -> int:
            return self._do(self._at(path).mkdir)

    listener = socket.create_server((ADDRESS, 0))
    transports: list[paramiko.Transport] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transports.append(transport)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files)
            try:
                transport.start_server(server=Door())
            except (paramiko.SSHException, EOFError):
                pass  # the client went away

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], key.fingerprint
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for transport in transports:
            transport.close()
        thread.join(10)
