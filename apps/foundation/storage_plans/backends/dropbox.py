from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

from pydantic import Field

from apps.foundation.storage_plans.backend import Backend, FileFacts, part, pieces
from apps.foundation.storage_plans.errors import BackendError, NothingThere
from apps.foundation.storage_plans.oauth import MOVABLE, SECRETS, OAuthSettings, access_token
from apps.foundation.storage_plans.web import ask, asked_bytes, byte_range

_TOKENS = "https://api.dropboxapi.com/oauth2/token"
_API = "https://api.dropboxapi.com"
_CONTENT = "https://content.dropboxapi.com"
#: Bytes that one request may carry.
_PART = 96 * 1024 * 1024


class DropboxSettings(OAuthSettings):
    """A Dropbox, or the folder of it that the application may use."""

    content_url: str | None = Field(None, max_length=512, description="Where files are, if not as usual.")


class Dropbox(Backend):
    """Dropbox's HTTP API, version 2. Large files are sent in parts."""

    settings_shape = DropboxSettings
    secrets = SECRETS
    movable = MOVABLE

    def __init__(self, settings: Mapping[str, Any], owner_id: str = "") -> None:
        super().__init__(settings, owner_id)
        self._settings = DropboxSettings.model_validate(settings)

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        commit = {"path": f"/{path}", "mode": "overwrite", "mute": True}
        if facts.size <= _PART:
            self._send("upload", commit, pieces(content), facts.size)
            return f"/{path}"
        session = self._send("upload_session/start", {"close": False}, part(content, _PART), _PART)["session_id"]
        sent = _PART
        while facts.size - sent > _PART:
            cursor = {"session_id": session, "offset": sent}
            self._send("upload_session/append_v2", {"cursor": cursor, "close": False}, part(content, _PART), _PART)
            sent += _PART
        cursor = {"session_id": session, "offset": sent}
        self._send("upload_session/finish", {"cursor": cursor, "commit": commit}, pieces(content), facts.size - sent)
        return f"/{path}"

    def read(self, place: str, first: int, last: int) -> bytes:
        headers = {**self._headers({"path": place}), **byte_range(first, last)}
        largest = max(last - first + 1, 64 * 1024)
        answer = ask("POST", f"{self._content}/2/files/download", headers=headers, largest=largest, accepted=(409,))
        _refuse(answer)
        return asked_bytes(answer, first, last)

    def delete(self, place: str) -> None:
        url = f"{self._settings.api_url or _API}/2/files/delete_v2"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        answer = ask("POST", url, content=json.dumps({"path": place}).encode(), headers=headers, accepted=(409,))
        try:
            _refuse(answer)
        except NothingThere:
            pass

    def _send(self, call: str, argument: Mapping[str, Any], content: Iterator[bytes], size: int) -> Any:
        headers = self._headers(argument) | {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        url = f"{self._content}/2/files/{call}"
        answer = ask("POST", url, content=content, headers=headers, accepted=(409,))
        _refuse(answer)
        return answer.json() if answer.content else {}

    def _headers(self, argument: Mapping[str, Any]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Dropbox-API-Arg": json.dumps(argument)}

    @property
    def _token(self) -> str:
        return access_token(self._settings, _TOKENS)

    @property
    def _content(self) -> str:
        return self._settings.content_url or _CONTENT


def _refuse(answer: Any) -> None:
    """409 is how Dropbox says what is wrong with a path."""
    if answer.status_code == 409:
        try:
            words = str(answer.json().get("error_summary", "conflict"))
        except ValueError:
            words = "conflict"
        kind = NothingThere if "not_found" in words else BackendError
        raise kind(f"Dropbox answered: {words}", status=404 if kind is NothingThere else 409, body=words)
