"""Reading the body of a request: JSON in an envelope, forms, data URIs, and files as they are."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from apps.foundation.crossbar.errors import (
    ApiError,
    InvalidEnvelope,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)

#: Bytes. The same as KAZOO's `max_upload_size`.
MAX_BODY = 8_000_000
#: Objects and lists inside one another; documents of people are under ten.
MAX_DEPTH = 64

_JSON = ("", "application/json", "application/x-json", "text/json", "text/x-json", "text/plain")
_BASE64 = ("application/base64", "application/x-base64")
_DATA_URI = re.compile(rb"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[\w.+-]+)*);base64,", re.IGNORECASE)


@dataclass(slots=True)
class Body:
    """`data` and `envelope` of a JSON body or a form; `content` and `content_type` of a file."""

    data: Any = field(default_factory=dict)
    envelope: dict[str, Any] = field(default_factory=dict)
    content: bytes = b""
    content_type: str = ""
    files: "list[UploadedFile[Any]]" = field(default_factory=list)


def read_body(request: HttpRequest, *, raw: bool) -> Body:
    """`raw` is for addresses that take a file. Raises PayloadTooLarge, InvalidEnvelope, ValidationFailed, and
    UnsupportedMediaType."""
    content = _read(request)
    kind = (request.content_type or "").strip().lower()
    if not content.strip():
        return Body(content_type=kind)
    if kind in _JSON or kind.endswith("+json") or (kind == "application/x-www-form-urlencoded" and _is_json(content)):
        return _from_json(content)
    if kind == "application/x-www-form-urlencoded":
        return _from_form(content)
    if kind in ("multipart/form-data", "multipart/mixed"):
        return _from_parts(request, content)
    if kind in _BASE64:
        media_type, decoded = decode_base64(content)
        return Body(content=decoded, content_type=media_type or "application/octet-stream")
    if raw:
        return Body(content=content, content_type=kind)
    raise UnsupportedMediaType({"message": "unsupported media type", "cause": kind[:100]})


def _read(request: HttpRequest) -> bytes:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if str(declared).isdigit() and int(declared) > MAX_BODY:
        raise PayloadTooLarge(MAX_BODY)
    content = request.read(MAX_BODY + 1)
    if len(content) > MAX_BODY:
        raise PayloadTooLarge(MAX_BODY)
    return content


def _is_json(content: bytes) -> bool:
    """curl says "form" for whatever it is given with -d."""
    return content.lstrip()[:1] in (b"{", b"[")


def parse_json(content: bytes) -> Any:
    """Strict JSON (RFC 8259) that the database can hold. Raises ValidationFailed."""
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _invalid_json(str(error)) from None
    except RecursionError:
        raise _invalid_json("nested too deeply") from None
    _check_storable(value)
    return value


def _check_storable(value: Any) -> None:
    stack = [(value, 1)]
    while stack:
        current, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise _invalid_json("nested too deeply")
        if isinstance(current, dict):
            stack += [(key, depth) for key in current]
            stack += [(member, depth + 1) for member in current.values()]
        elif isinstance(current, list):
            stack += [(member, depth + 1) for member in current]
        elif isinstance(current, str):
            _check_text(current)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise _invalid_json("text must not hold the character NUL")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise _invalid_json("text must not hold half of a surrogate pair")


def _invalid_json(reason: str) -> ValidationFailed:
    return ValidationFailed.of("json", "invalid", f"Failed to parse JSON: {reason}", target="body")


def _from_json(content: bytes) -> Body:
    envelope = parse_json(content)
    if not isinstance(envelope, dict) or not isinstance(envelope.get("data", None), (dict, list)):
        raise InvalidEnvelope({"message": "the body must be an object that holds `data`, an object or a list"})
    return Body(data=envelope["data"], envelope={key: envelope[key] for key in envelope if key != "data"})


def _from_form(content: bytes) -> Body:
    try:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=1000)
    except ValueError as error:
        raise InvalidEnvelope({"message": f"the form cannot be read: {error}"}) from None
    data = dict(pairs)
    _check_storable(data)
    return Body(data=data, envelope={})


def _from_parts(request: HttpRequest, content: bytes) -> Body:
    meta = {**request.META, "CONTENT_LENGTH": str(len(content))}
    handler = MemoryFileUploadHandler(request)
    handler.activated = True  # the whole body is bounded already
    try:
        fields, files = MultiPartParser(meta, BytesIO(content), [handler]).parse()
    except (MultiPartParserError, ValueError) as error:
        raise InvalidEnvelope({"message": f"the parts cannot be read: {error}"}) from None
    body = Body()
    given: list[Any] = []
    for upload in (upload for name in files for upload in files.getlist(name)):
        if upload.content_type in _JSON[1:]:
            given.append(upload.read())
        else:
            body.files.append(upload)
    data = {str(key): str(value) for key, value in fields.items()}
    given += [data.pop(name).encode() for name in ("data", "json") if _is_json(data.get(name, "").encode())]
    for text in given:
        document = parse_json(text)
        if isinstance(document, dict):
            inner = document.get("data", document)
            data |= inner if isinstance(inner, dict) else {}
    _check_storable(data)
    body.data = data
    if body.files:
        first = body.files[0]
        body.content, body.content_type = first.read(), first.content_type or "application/octet-stream"
    return body


def decode_base64(content: bytes) -> tuple[str, bytes]:
    """Media type (empty where not named) and bytes of a data URI or of plain base64. Raises a 413, as crossbar does."""
    match = _DATA_URI.match(content.lstrip())
    encoded = content.lstrip()[match.end() :] if match else content
    try:
        decoded = base64.b64decode(b"".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise _BadBase64 from None
    return (match[1] or b"").decode().lower() if match else "", decoded


class _BadBase64(ApiError):
    status = 413
    identifier = "payload"

    def __init__(self) -> None:
        super().__init__({"file": {"invalid": {"message": "The body is not base64", "target": "body"}}})
