from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import quote

from pydantic import Field

from apps.foundation.storage_plans.backend import Backend, FileFacts, part
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.oauth import MOVABLE, SECRETS, OAuthSettings, access_token
from apps.foundation.storage_plans.web import ask, asked_bytes, byte_range

_TOKENS = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
_API = "https://graph.microsoft.com/v1.0"
#: Bytes of one part: a multiple of 320 KiB, as Microsoft Graph wants it.
_PART = 32 * 320 * 1024


class OneDriveSettings(OAuthSettings):
    """A OneDrive, of a person or of a company."""

    drive_id: str | None = Field(None, max_length=255, description="Another drive than the owner's own.")


class OneDrive(Backend):
    """Microsoft Graph, version 1.0: a file is sent in parts to an upload session and read from its download address."""

    settings_shape = OneDriveSettings
    secrets = SECRETS
    movable = MOVABLE

    def __init__(self, settings: Mapping[str, Any], owner_id: str = "") -> None:
        super().__init__(settings, owner_id)
        self._settings = OneDriveSettings.model_validate(settings)

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        wish = json.dumps({"item": {"@microsoft.graph.conflictBehavior": "replace"}}).encode()
        headers = self._headers() | {"Content-Type": "application/json"}
        session = ask("POST", f"{self._drive}/root:/{quote(path)}:/createUploadSession", content=wish, headers=headers)
        told: dict[str, Any] = {}
        for first in range(0, facts.size, _PART):
            last = min(first + _PART, facts.size) - 1
            # The address is the permission: no token goes there.
            headers = {
                "Content-Length": str(last - first + 1),
                "Content-Range": f"bytes {first}-{last}/{facts.size}",
            }
            answer = ask("PUT", session.json()["uploadUrl"], content=part(content, last - first + 1), headers=headers)
            told = answer.json() if answer.content else {}
        if "id" not in told:
            raise BackendError("OneDrive did not say that the file is complete")
        return str(told["id"])

    def read(self, place: str, first: int, last: int) -> bytes:
        url = f"{self._drive}/items/{quote(place)}/content"
        headers, largest = self._headers() | byte_range(first, last), max(last - first + 1, 64 * 1024)
        answer = ask("GET", url, headers=headers, largest=largest, redirects=2)
        return asked_bytes(answer, first, last)

    def delete(self, place: str) -> None:
        ask("DELETE", f"{self._drive}/items/{quote(place)}", headers=self._headers(), accepted=(404,))

    def _headers(self) -> dict[str, str]:
        scope = {"scope": "offline_access Files.ReadWrite.All"}
        return {"Authorization": f"Bearer {access_token(self._settings, _TOKENS, scope)}"}

    @property
    def _drive(self) -> str:
        drive = f"drives/{quote(self._settings.drive_id)}" if self._settings.drive_id else "me/drive"
        return f"{self._settings.api_url or _API}/{drive}"
