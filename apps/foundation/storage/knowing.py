"""What is known of a file beside its row: apps tell for the kinds that are theirs, in `AppConfig.ready`:

    tell_of("recording", details_of_recording)

It fills the words of path templates, and storages that keep metadata are given it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apps.foundation.storage.models import StoredFile
from apps.foundation.storage.places import attachment_name

Teller = Callable[[StoredFile], Mapping[str, str]]
_tellers: dict[str, Teller] = {}


def tell_of(kind: str, teller: Teller) -> None:
    """The last one counts."""
    _tellers[kind] = teller


def known_of(file: StoredFile) -> dict[str, str]:
    """By the words of path templates. Runs in the account's scope."""
    created = file.created
    known = dict(_tellers[file.kind](file)) if file.kind in _tellers else {}
    return known | {
        "account_id": file.account_id,
        "db": f"{file.account_id}-{created:%Y%m}",
        "id": file.id,
        "attachment": attachment_name(file),
        "kind": file.kind,
        "name": file.name,
        "content_type": file.content_type,
        "year": f"{created:%Y}",
        "month": f"{created:%m}",
        "day": f"{created:%d}",
        "hour": f"{created:%H}",
        "timestamp": str(int(created.timestamp())),
    }
