from __future__ import annotations

from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from pydantic import Field

from apps.foundation.storage_plans.backend import Backend, BackendSettings, FileFacts, pieces
from apps.foundation.storage_plans.web import ask, asked_bytes, byte_range

if TYPE_CHECKING:
    import httpx

_NO_BODY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class S3Settings(BackendSettings):
    """A bucket of Amazon S3 or of anything that speaks its protocol."""

    bucket: str = Field(min_length=3, max_length=63, pattern=r"^[^\s/]*$", description="The bucket.")
    key: str = Field(min_length=1, max_length=128, description="The access key's id.")
    secret: str = Field(min_length=1, max_length=128, description="The access key's secret.")
    region: str = Field("us-east-1", pattern=r"^[^\s/]+$", description="Where the bucket is.")
    scheme: Literal["http", "https"] = Field("https", description="How the host is spoken to.")
    host: str | None = Field(None, pattern=r"^[^\s/]+$", description="Another host than Amazon's.")
    port: int | None = Field(None, ge=1, le=65535, description="Another port than the scheme's.")
    bucket_access_method: Literal["auto", "vhost", "path"] = Field(
        "auto", description="Whether the bucket is in the host's name or in the path; `auto`: in the name at Amazon's."
    )
    bucket_after_host: bool | None = Field(None, description="The same as `bucket_access_method` `path`.")
    server_side_encryption: Literal["AES256", "aws:kms"] | None = Field(
        None, description="Have the storage encrypt what it keeps."
    )
    kms_key_id: str | None = Field(None, max_length=2048, description="The key for `aws:kms`.")
    storage_class: str | None = Field(None, max_length=32, description="`STANDARD_IA`, `GLACIER_IR` …")


class S3(Backend):
    """Requests are signed by Amazon's own library (AWS Signature Version 4) with the file's checksum, so that the
    storage itself refuses what was damaged on its way."""

    settings_shape = S3Settings
    secrets = ("secret",)
    movable = ("key", "server_side_encryption", "kms_key_id", "storage_class")

    def __init__(self, settings: Mapping[str, Any], owner_id: str = "") -> None:
        super().__init__(settings, owner_id)
        self._settings = S3Settings.model_validate(settings)

    def write(self, path: str, content: IO[bytes], facts: FileFacts) -> str:
        settings = self._settings
        headers = {
            "Content-Type": facts.content_type,
            "Content-Length": str(facts.size),
            "x-amz-server-side-encryption": settings.server_side_encryption,
            "x-amz-server-side-encryption-aws-kms-key-id": settings.kms_key_id,
            "x-amz-storage-class": settings.storage_class,
        }
        given = {name: value for name, value in headers.items() if value}
        self._ask("PUT", path, given, sha256=facts.sha256, content=content)
        return path

    def read(self, place: str, first: int, last: int) -> bytes:
        answer = self._ask("GET", place, byte_range(first, last), largest=last - first + 1)
        return asked_bytes(answer, first, last)

    def delete(self, place: str) -> None:
        self._ask("DELETE", place, {}, accepted=(404,))

    def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        *,
        sha256: str = _NO_BODY,
        content: IO[bytes] | None = None,
        largest: int = 0,
        accepted: tuple[int, ...] = (),
    ) -> httpx.Response:
        url = f"{self._address()}/{quote(path)}"
        signed = self._signed(method, url, headers, sha256)
        body = pieces(content) if content is not None else b""
        return ask(method, url, content=body, headers=signed, largest=max(largest, 64 * 1024), accepted=accepted)

    def _address(self) -> str:
        settings = self._settings
        host = settings.host or f"s3.{settings.region}.amazonaws.com"
        method = "path" if settings.bucket_after_host else settings.bucket_access_method
        in_name = method == "vhost" or (method == "auto" and settings.host is None and "." not in settings.bucket)
        port = f":{settings.port}" if settings.port else ""
        if in_name:
            return f"{settings.scheme}://{settings.bucket}.{host}{port}"
        return f"{settings.scheme}://{host}{port}/{settings.bucket}"

    def _signed(self, method: str, url: str, headers: Mapping[str, str], sha256: str) -> dict[str, str]:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        settings = self._settings
        signer = S3SigV4Auth(Credentials(settings.key, settings.secret), "s3", settings.region)
        signer.payload = lambda request: sha256
        # A length that is signed is one more thing a proxy could spoil.
        request = AWSRequest(method, url, {k: v for k, v in headers.items() if k != "Content-Length"})
        signer.add_auth(request)
        return {**headers, **dict(request.headers.items())}
