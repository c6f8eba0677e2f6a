"""What Azure Blob Storage, Google Cloud Storage, Google Drive, OneDrive and Dropbox answer, as far as a file's keeping
goes: small servers that speak the documented protocols."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "access-1"


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    url: str


@dataclass
class Said:
    status: int = 200
    body: bytes | dict[str, Any] = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return json.dumps(self.body).encode() if isinstance(self.body, dict) else self.body


Cloud = Callable[[Asked, dict[str, bytes]], Said]


def part_of(content: bytes | None, asked: Asked) -> Said:
    if content is None:
        return Said(404, {"error": {"message": "no such file"}})
    match = re.fullmatch(r"bytes=(\d+)-(\d+)", asked.headers.get("range", ""))
    return Said(206, content[int(match[1]) : int(match[2]) + 1]) if match else Said(200, content)


def gone(files: dict[str, bytes], name: str) -> Said:
    return Said(204 if files.pop(name, None) is not None else 404)


def token(asked: Asked) -> Said | None:
    if asked.path == "/token":
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if form.get("refresh_token") == "revoked":
            return Said(400, {"error": "invalid_grant", "error_description": "The consent was withdrawn"})
        return Said(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})
    if asked.headers.get("authorization") != f"Bearer {TOKEN}" and not asked.path.startswith("/session/"):
        return Said(401, {"error": {"message": "no token"}})
    return None


def azure(asked: Asked, files: dict[str, bytes]) -> Said:
    # "sig" signs what is in it: the permissions, and until when (Azure: "Create a service SAS").
    if not {"sig", "sp", "se", "sr"} <= asked.query.keys() or asked.query["sr"] != "c":
        return Said(403, b"<Error><Code>AuthenticationFailed</Code><Message>Not signed</Message></Error>")
    if asked.method == "PUT" and asked.headers.get("x-ms-blob-type") == "BlockBlob" and "w" in asked.query["sp"]:
        files[asked.path] = asked.body
        return Said(201)
    if asked.method == "GET" and "r" in asked.query["sp"]:
        return part_of(files.get(asked.path), asked)
    if asked.method == "DELETE" and "d" in asked.query["sp"]:
        said = gone(files, asked.path)
        return Said(202) if said.status == 204 else said
    return Said(403)


def google_storage(asked: Asked, files: dict[str, bytes]) -> Said:
    if refused := token(asked):
        return refused
    if asked.method == "POST" and asked.path == "/upload/storage/v1/b/archive/o":
        files[asked.query["name"]] = asked.body
        return Said(200, {"name": asked.query["name"]})
    name = unquote(asked.path.removeprefix("/storage/v1/b/archive/o/"))
    return gone(files, name) if asked.method == "DELETE" else part_of(files.get(name), asked)


def google_drive(asked: Asked, files: dict[str, bytes]) -> Said:
    if refused := token(asked):
        return refused
    if asked.method == "POST" and asked.query.get("uploadType") == "resumable":
        assert json.loads(asked.body)["parents"] == ["folder-1"]
        return Said(200, b"", {"Location": f"{asked.url}/session/new"})
    if asked.method == "PUT" and asked.path == "/session/new":
        files[f"id{len(files)}"] = asked.body
        return Said(200, {"id": f"id{len(files) - 1}"})
    name = asked.path.removeprefix("/drive/v3/files/")
    return gone(files, name) if asked.method == "DELETE" else part_of(files.get(name), asked)


def onedrive(asked: Asked, files: dict[str, bytes]) -> Said:
    if refused := token(asked):
        return refused
    if asked.path.endswith(":/createUploadSession"):
        files["unfinished"] = b""
        return Said(200, {"uploadUrl": f"{asked.url}/session/new"})
    if asked.method == "PUT":
        assert "authorization" not in asked.headers
        first, last, size = map(int, re.split(r"[ /-]", asked.headers["content-range"].removeprefix("bytes ")))
        assert (len(files["unfinished"]), last - first + 1) == (first, len(asked.body))
        files["unfinished"] += asked.body
        if last + 1 < size:
            return Said(202, {"nextExpectedRanges": [f"{last + 1}-"]})
        files["item1"] = files.pop("unfinished")
        return Said(201, {"id": "item1"})
    if asked.path == "/session/download":
        return part_of(files.get("item1"), asked)
    name = asked.path.removeprefix("/me/drive/items/").removesuffix("/content")
    if asked.method == "DELETE":
        return gone(files, name)
    return Said(302, b"", {"Location": f"{asked.url}/session/download"}) if name in files else Said(404)


def dropbox(asked: Asked, files: dict[str, bytes]) -> Said:
    if refused := token(asked):
        return refused
    argument = json.loads(asked.headers.get("dropbox-api-arg") or asked.body or b"{}")
    call = asked.path.removeprefix("/2/files/")
    missing = Said(409, {"error_summary": "path/not_found/.", "error": {}})
    if call == "upload":
        files[argument["path"]] = asked.body
    elif call == "upload_session/start":
        files["unfinished"] = asked.body
        return Said(200, {"session_id": "s1"})
    elif call in ("upload_session/append_v2", "upload_session/finish"):
        assert argument["cursor"] == {"session_id": "s1", "offset": len(files["unfinished"])}
        files["unfinished"] += asked.body
        if call.endswith("finish"):
            files[argument["commit"]["path"]] = files.pop("unfinished")
    elif call == "download":
        return part_of(files[argument["path"]], asked) if argument["path"] in files else missing
    elif call == "delete_v2" and files.pop(argument["path"], None) is None:
        return missing
    return Said(200, {"name": "x"})


def read(method: str, target: str, headers: dict[str, str], body: bytes, url: str) -> Asked:
    place = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(place.query).items()}
    return Asked(method, place.path, query, {name.lower(): text for name, text in headers.items()}, body, url)
