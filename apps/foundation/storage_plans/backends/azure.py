from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import IO, Any
from urllib.parse import quote

from pydantic import Field

from apps.foundation.kit.clock import now
from apps.foundation.storage_plans.backend import Backend, BackendSettings, FileFacts, pieces
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.web import ask, asked_bytes, byte_range

#: The version of the protocol that is spoken (Azure Storage REST API, Blob service).
_VERSION = "2021-12-02"


class AzureSettings(BackendSettings):
    """A container of Azure Blob Storage."""

    account: str = Field(min_length=3, max_length=63, pattern="^[a-z0-9-]+$", description="The storage account.")
    container: str = Field(min_length=3, max_length=63, pattern="^[a-z0-9$-]+$", description="The container.")
    key: str = Field(min_length=1, max_length=512, description="An access key of the storage account.")
    endpoint: str | None = Field(
        None, max_length=512, description="The Blob service's address, where it is not the public cloud's."
    )
    encryption_scope: str | None = Field(None, max_length=63, description="What the storage encrypts with.")
    access_tier: str | None = Field(None, max_length=16, description="`Hot`, `Cool` or `Cold`.")


class Azure(Backend):
    """Permission for a quarter of an hour is signed by Microsoft's own library (a shared access signature), and the
    requests carry it."""

    settings_shape = AzureSettings
    secrets = ("key",)
    movable = ("encryption_scope", "access_tier")

    def __init__(self, settings: Mapping[str, Any], owner_id: str = "") -> None:
        super().__init__(settings, owner_id)
        self._settings = AzureSettings.model_validate(settings)

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        settings = self._settings
        headers = {
            "Content-Type": facts.content_type,
            "Content-Length": str(facts.size),
            "x-ms-blob-type": "BlockBlob",
            "x-ms-meta-sha256": facts.sha256,
            "x-ms-encryption-scope": settings.encryption_scope,
            "x-ms-access-tier": settings.access_tier,
        }
        given = {name: value for name, value in headers.items() if value}
        ask("PUT", self._url(path, "cw"), content=pieces(content), headers=self._versioned(given))
        return path

    def read(self, place: str, first: int, last: int) -> bytes:
        headers = self._versioned(byte_range(first, last))
        answer = ask("GET", self._url(place, "r"), headers=headers, largest=max(last - first + 1, 64 * 1024))
        return asked_bytes(answer, first, last)

    def delete(self, place: str) -> None:
        ask("DELETE", self._url(place, "d"), headers=self._versioned({}), accepted=(404,))

    def _versioned(self, headers: dict[str, str]) -> dict[str, str]:
        return {**headers, "x-ms-version": _VERSION}

    def _url(self, path: str, permission: str) -> str:
        from azure.storage.blob import generate_container_sas

        settings = self._settings
        try:
            signature = generate_container_sas(
                settings.account,
                settings.container,
                account_key=settings.key,
                permission=permission,
                start=now() - timedelta(minutes=15),
                expiry=now() + timedelta(minutes=15),
            )
        except Exception as error:  # its errors of signing have no base in common
            raise BackendError("The access key is no base64 text") from error
        endpoint = settings.endpoint or f"https://{settings.account}.blob.core.windows.net"
        return f"{endpoint.rstrip('/')}/{settings.container}/{quote(path)}?{signature}"
