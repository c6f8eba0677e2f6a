from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import quote

from pydantic import Field

from apps.foundation.storage_plans.backend import Backend, FileFacts, pieces
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.oauth import MOVABLE, SECRETS, OAuthSettings, access_token
from apps.foundation.storage_plans.web import ask, asked_bytes, byte_range

_TOKENS = "https://oauth2.googleapis.com/token"
_API = "https://www.googleapis.com"


class GoogleDriveSettings(OAuthSettings):
    """A Google Drive."""

    folder_id: str | None = Field(None, max_length=255, description="The folder of the drive; empty: its root.")


class GoogleDrive(Backend):
    """Google's Drive API, version 3. A drive has no paths: the path is the file's name, and Google's id finds it."""

    settings_shape = GoogleDriveSettings
    secrets = SECRETS
    movable = MOVABLE

    def __init__(self, settings: Mapping[str, Any], owner_id: str = "") -> None:
        super().__init__(settings, owner_id)
        self._settings = GoogleDriveSettings.model_validate(settings)

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        about: dict[str, Any] = {"name": path, "mimeType": facts.content_type}
        if self._settings.folder_id:
            about["parents"] = [self._settings.folder_id]
        headers = self._headers() | {
            "Content-Type": "application/json",
            "X-Upload-Content-Type": facts.content_type,
            "X-Upload-Content-Length": str(facts.size),
        }
        url = f"{self._api}/upload/drive/v3/files?uploadType=resumable&supportsAllDrives=true"
        session = ask("POST", url, content=json.dumps(about).encode(), headers=headers).headers.get("location", "")
        given = {"Content-Type": facts.content_type, "Content-Length": str(facts.size)}
        answer = ask("PUT", session, content=pieces(content), headers=given)
        try:
            return str(answer.json()["id"])
        except (ValueError, KeyError) as error:
            raise BackendError("Google Drive did not say that the file is complete") from error

    def read(self, place: str, first: int, last: int) -> bytes:
        url = f"{self._file(place)}&alt=media"
        largest = max(last - first + 1, 64 * 1024)
        answer = ask("GET", url, headers=self._headers() | byte_range(first, last), largest=largest)
        return asked_bytes(answer, first, last)

    def delete(self, place: str) -> None:
        ask("DELETE", self._file(place), headers=self._headers(), accepted=(404,))

    def _file(self, place: str) -> str:
        return f"{self._api}/drive/v3/files/{quote(place)}?supportsAllDrives=true"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {access_token(self._settings, _TOKENS)}"}

    @property
    def _api(self) -> str:
        return self._settings.api_url or _API
