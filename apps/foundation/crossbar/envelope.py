"""The envelope around every answer, and how it becomes bytes."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise

from apps.foundation.crossbar.buckets import Bucket
from apps.foundation.crossbar.errors import ApiError
from apps.foundation.kit.clock import now

JSON = "application/json"
_TRUE = ("true", "1", "yes")


def _other(value: Any) -> Any:
    if isinstance(value, Promise):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} is no JSON")


_encoder = msgspec.json.Encoder(enc_hook=_other, decimal_format="number", order="deterministic")
_plain_encoder = msgspec.json.Encoder(enc_hook=_other, decimal_format="number")


@dataclass(slots=True)
class Exchange:
    """What is known of a request by the time its answer is written, however far it came."""

    http: HttpRequest
    request_id: str
    client_ip: str
    verb: str
    accept: str = JSON
    jsonp: str = ""
    token: str = ""
    authenticated: bool = False
    bucket: Bucket | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def pretty(self) -> bool:
        asked = self.http.GET.get("pretty_print") or self.http.headers.get("X-Pretty-Print") or ""
        return asked.lower() in _TRUE


def encode(value: Any) -> bytes:
    return _plain_encoder.encode(value)


def revision_of_content(data: Any) -> str:
    """What changes when the data does, for answers that are no single row."""
    return hashlib.md5(_encoder.encode(data), usedforsecurity=False).hexdigest()


@cache
def node() -> str:
    """The machine that answered, without its name."""
    return hashlib.sha256(f"{settings.SECRET_KEY}{platform.node()}".encode()).hexdigest()[:20]


def success(exchange: Exchange, data: Any, revision: str | None, extra: Mapping[str, Any]) -> dict[str, Any]:
    envelope: dict[str, Any] = {"data": data, "status": "success", **extra, "request_id": exchange.request_id}
    if revision:
        envelope["revision"] = revision
    return {**envelope, **trailer(exchange), **extra}  # a login answers the new token, not the one it came with


def trailer(exchange: Exchange) -> dict[str, Any]:
    """What stands in every envelope but is no part of the answer."""
    fields: dict[str, Any] = {"timestamp": f"{now():%Y-%m-%dT%H:%M:%SZ}"}
    if exchange.authenticated:
        fields |= {"version": settings.SPECTACULAR_SETTINGS["VERSION"], "node": node()}
    if exchange.bucket is not None and exchange.bucket.remaining is not None:
        fields["tokens"] = {"consumed": exchange.bucket.consumed, "remaining": exchange.bucket.remaining}
    if exchange.authenticated and exchange.token:
        fields["auth_token"] = exchange.token
    return fields


def failure(exchange: Exchange, error: ApiError) -> dict[str, Any]:
    return {
        "data": error.data,
        "status": "fatal" if error.status >= 500 else "error",
        "error": str(error.status),
        "message": error.message,
        "request_id": exchange.request_id,
    } | trailer(exchange)


def json_response(exchange: Exchange, envelope: Mapping[str, Any], status: int) -> HttpResponse:
    """Content-Type is exactly `application/json`: clients compare it, and JSON is UTF-8 anyway."""
    content = encode(envelope)
    if exchange.pretty:
        content = msgspec.json.format(content, indent=2)
    if exchange.jsonp:
        content = exchange.jsonp.encode() + b"(" + content + b");"
        return HttpResponse(content, status=status, content_type="application/javascript")
    return HttpResponse(content, status=status, content_type=JSON)
