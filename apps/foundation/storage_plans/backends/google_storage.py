from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import quote, urlencode

from pydantic import Field

from apps.foundation.storage_plans.backend import Backend, BackendSettings, FileFacts, pieces
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.web import ask, asked_bytes, byte_range

_API = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


class GoogleStorageSettings(BackendSettings):
    """A bucket of Google Cloud Storage."""

    bucket: str = Field(min_length=3, max_length=222, pattern="^[a-z0-9._-]+$", description="The bucket.")
    service_account: str = Field(
        min_length=2, max_length=16_384, description="The key file of a service account, as Google writes it (JSON)."
    )
    kms_key_name: str | None = Field(None, max_length=512, description="The key the storage encrypts with.")
    endpoint: str | None = Field(None, max_length=512, description="Where the service is, if not as usual.")


class GoogleStorage(Backend):
    """Google's JSON API, signed in to with Google's own library (`google-auth`)."""

    settings_shape = GoogleStorageSettings
    secrets = ("service_account",)
    movable = ("kms_key_name",)

    def __init__(self, settings: Mapping[str, Any], owner_id: str = "") -> None:
        super().__init__(settings, owner_id)
        self._settings = GoogleStorageSettings.model_validate(settings)
        self._credentials: Any = None

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        settings = self._settings
        query = {"uploadType": "media", "name": path, "kmsKeyName": settings.kms_key_name}
        asked = urlencode({name: value for name, value in query.items() if value})
        headers = {"Content-Type": facts.content_type, "Content-Length": str(facts.size), **self._headers()}
        url = f"{self._api}/upload/storage/v1/b/{settings.bucket}/o?{asked}"
        ask("POST", url, content=pieces(content), headers=headers)
        return path

    def read(self, place: str, first: int, last: int) -> bytes:
        headers, largest = self._headers() | byte_range(first, last), max(last - first + 1, 64 * 1024)
        answer = ask("GET", f"{self._object(place)}?alt=media", headers=headers, largest=largest)
        return asked_bytes(answer, first, last)

    def delete(self, place: str) -> None:
        ask("DELETE", self._object(place), headers=self._headers(), accepted=(404,))

    def _object(self, place: str) -> str:
        return f"{self._api}/storage/v1/b/{self._settings.bucket}/o/{quote(place, safe='')}"

    def _headers(self) -> dict[str, str]:
        from google.auth.exceptions import GoogleAuthError

        try:
            credentials = self._signed_in()
            if not credentials.valid:
                credentials.refresh(_request)
        except (GoogleAuthError, ValueError, KeyError) as error:
            raise BackendError(f"Google does not let the service account in: {error}") from error
        return {"Authorization": f"Bearer {credentials.token}"}

    def _signed_in(self) -> Any:
        from google.oauth2.service_account import Credentials

        if self._credentials is None:
            told = json.loads(self._settings.service_account)
            make: Any = Credentials.from_service_account_info
            self._credentials = make(told, scopes=[_SCOPE])
        return self._credentials

    @property
    def _api(self) -> str:
        return self._settings.endpoint or _API


class _Answer:
    """An answer as google-auth reads it."""

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self.status, self.headers, self.data = status, headers, data


def _request(
    url: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None, **more: Any
) -> _Answer:
    """How google-auth reaches its token server: through the same door as everything else."""
    accepted = (400, 401, 403, 404, 429, 500, 502, 503)
    answer = ask(method, url, content=body or b"", headers=headers, accepted=accepted)
    return _Answer(answer.status_code, answer.headers, answer.content)
