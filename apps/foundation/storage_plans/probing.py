"""Trying a storage out: write a small file, read it, remove it."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _

from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.foundation.storage_plans.backend import Backend, FileFacts
from apps.foundation.storage_plans.errors import BackendError, NothingThere
from apps.foundation.storage_plans.paths import file_path

_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of it: `step` is what failed (`write`, `read`, `delete`), empty where all went well."""

    step: str = ""
    message: str = ""
    status: int | None = None
    warning: str = ""

    @property
    def ok(self) -> bool:
        return not self.step

    def to_document(self) -> dict[str, Any]:
        told = {"step": self.step, "message": self.message, "resp_code": self.status, "warning": self.warning}
        return {"ok": self.ok} | {name: value for name, value in told.items() if value}


def probe(backend: Backend, settings: Any, account_id: str) -> Probe:
    """Write, read in two parts and delete a file of 4 kB of the account."""
    content = secrets.token_bytes(_SIZE)
    facts = FileFacts(_SIZE, sha256(content).hexdigest(), "application/octet-stream", "storage test", {})
    file_id, moment = new_id(), now()
    known = {"account_id": account_id, "id": file_id, "attachment": f"{file_id}.bin", "kind": "test"}
    known |= {"year": f"{moment:%Y}", "month": f"{moment:%m}", "day": f"{moment:%d}", "db": account_id}
    step = "write"
    try:
        place = backend.write(file_path(settings, "", known), io.BytesIO(content), facts)
        step = "read"
        read = backend.read(place, 0, 999) + backend.read(place, 1000, _SIZE - 1)
        if read != content:
            _quietly_delete(backend, place)
            return Probe(step, _("It gave back something else than was written."))
        step = "delete"
        backend.delete(place)
    except NothingThere as error:
        if step == "delete":
            return Probe(warning=_("It does not remove files: %(error)s") % {"error": error})
        return Probe(step, str(error), error.status)
    except BackendError as error:
        return Probe(step, str(error), error.status)
    return Probe()


def _quietly_delete(backend: Backend, place: str) -> None:
    try:
        backend.delete(place)
    except BackendError:
        pass  # what was wrong before is what is told
