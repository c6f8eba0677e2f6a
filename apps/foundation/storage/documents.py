"""Files and their errors as the API shows them, and the bodies it takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.foundation.kit.clock import to_gregorian
from apps.foundation.storage.models import AttachmentError, StoredFile

Kind = Literal["recording", "voicemail", "fax", "media", "greeting", "cdr"]


class MoveDocument(Shape):
    """Bring files to where the plan wants them now."""

    kinds: list[Kind] = Field(default_factory=list, description="Which kinds of files. Empty: all.")


class PersonDocument(Shape):
    """Somebody of the account."""

    user_id: str = Field(pattern="^[0-9a-f]{32}$", description="The user.")


def export_document(file: StoredFile) -> dict[str, Any]:
    """An export of one person's data; `state` is `awaited`, `stored` or `failed` (and tried again)."""
    told = {
        "id": file.id,
        "user_id": file.name,
        "state": file.state,
        "size": file.size,
        "created": to_gregorian(file.created),
    }
    return told | ({"reason": file.error} if file.error else {})


def error_document(error: AttachmentError) -> dict[str, Any]:
    """An error as crossbar's `att_handlers_errors` shows it. Times are Gregorian seconds."""
    return {
        "id": error.id,
        "attachment_name": error.attachment_name,
        "document_id": error.file_id,
        "type": error.kind,
        "handler_id": error.handler_key,
        "handler": error.handler_kind,
        "req_url": error.path,
        "reason": error.reason,
        "resp_body": error.body,
        "attempts": error.attempts,
        "created": to_gregorian(error.created),
        "modified": to_gregorian(error.modified),
    } | {
        name: value for name, value in {"resp_code": error.status, "resolved": _moment(error.resolved)}.items() if value
    }


def file_document(file: StoredFile) -> dict[str, Any]:
    """What a stored file is; where its storage is, is not told."""
    return {
        "id": file.id,
        "kind": file.kind,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "created": to_gregorian(file.created),
    } | ({"deleted": to_gregorian(file.deleted)} if file.deleted else {})


def _moment(moment: datetime | None) -> int | None:
    return to_gregorian(moment) if moment else None
