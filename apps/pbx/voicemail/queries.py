"""Reading mailboxes and messages. Everything here runs inside `account_scope`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from pydantic import ValidationError

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.kit.ids import is_id
from apps.foundation.storage.models import StoredFile
from apps.pbx.schedules.queries import zone_of
from apps.pbx.users.models import User
from apps.pbx.voicemail.documents import BoxDocument, VoicemailKeys
from apps.pbx.voicemail.models import Box, Folder, Message
from apps.switching.calls.files import playable

#: Messages that are played in one go.
MOST_PLAYED = 1_000


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A box as the phone menus need it. `zone` is an IANA name. Nothing secret is in it."""

    id: str
    mailbox: str
    name: str
    owner_id: str
    has_pin: bool
    is_locked: bool
    settings: BoxDocument
    keys: VoicemailKeys
    zone: str
    owner_name: str = ""

    def is_owned_by(self, user_id: str) -> bool:
        return bool(user_id) and user_id == self.owner_id


@dataclass(frozen=True, slots=True)
class Counts:
    new: int = 0
    saved: int = 0

    @property
    def total(self) -> int:
        return self.new + self.saved


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as the phone menus need it; `sounds` are references for `Call.play`."""

    id: str
    folder: str
    urgent: bool
    caller_id_number: str
    created: Any
    length: int
    sounds: tuple[str, ...]
    rate: int


def find_box(identifier: str) -> Mailbox | None:
    """By id. Raises pydantic's ValidationError for a document that cannot be read."""
    return _opened(Box.objects.filter(id=identifier).first()) if is_id(identifier) else None


def find_mailbox(number: str) -> Mailbox | None:
    """By number."""
    return _opened(Box.objects.filter(mailbox=number).first()) if number else None


def boxes_of(user_id: str) -> list[Mailbox]:
    """Those of a user, by number."""
    if not user_id:
        return []
    found = (_opened(box) for box in Box.objects.filter(owner_id=user_id).order_by("mailbox")[:20])
    return [box for box in found if box is not None]


def counts_of(box_id: str) -> Counts:
    return counts([box_id]).get(box_id, Counts())


def counts(box_ids: Iterable[str]) -> dict[str, Counts]:
    """By box. One query; a box without messages is absent."""
    rows = (
        Message.objects.filter(box_id__in=list(box_ids))
        .values("box_id")
        .annotate(new=Count("id", filter=Q(folder=Folder.NEW)), saved=Count("id", filter=Q(folder=Folder.SAVED)))
    )
    return {row["box_id"]: Counts(row["new"], row["saved"]) for row in rows}


def messages_of(box_ids: Iterable[str], folder: str = "") -> QuerySet[Message]:
    """Those in a folder, else those that are not deleted."""
    rows = Message.objects.filter(box_id__in=list(box_ids))
    return rows.filter(folder=folder) if folder else rows.exclude(folder=Folder.DELETED)


def ids_to_play(box_id: str, folder: str, *, oldest_first: bool) -> list[str]:
    """Urgent ones first, then the newest, or the oldest."""
    order = ("-urgent", "created" if oldest_first else "-created", "id")
    rows = Message.objects.filter(box_id=box_id, folder=folder).order_by(*order)
    return list(rows.values_list("id", flat=True)[:MOST_PLAYED])


def heard(box_id: str, message_id: str) -> Heard | None:
    """One message of a box with what is to be played."""
    message = Message.objects.filter(id=message_id, box_id=box_id).first()
    if message is None:
        return None
    files = StoredFile.objects.in_bulk([one for one in (message.introduction_id, message.file_id) if one])
    wanted = [files[one] for one in (message.introduction_id, message.file_id) if one in files]
    return Heard(
        id=message.id,
        folder=message.folder,
        urgent=message.urgent,
        caller_id_number=message.caller_id_number,
        created=message.created,
        length=message.length,
        sounds=tuple(reference for file in wanted if (reference := playable(file))),
        rate=_rate(files.get(message.file_id), message.length),
    )


def is_full(box: Mailbox) -> bool:
    most = box.settings.max_message_count
    return most > 0 and counts_of(box.id).total >= most


def _rate(file: StoredFile | None, milliseconds: int) -> int:
    """Samples a second of a 16-bit mono WAV, from its size: the switch seeks by samples."""
    if file is None or not file.size or not milliseconds:
        return 8_000
    measured = file.size / 2 / (milliseconds / 1000)
    return min((8_000, 16_000, 32_000, 48_000), key=lambda rate: abs(rate - measured))


def _opened(box: Box | None) -> Mailbox | None:
    if box is None:
        return None
    settings = BoxDocument.model_validate(box.to_document())
    owner = User.objects.filter(id=box.owner_id).first() if box.owner_id else None
    zone = settings.timezone or (owner.timezone if owner is not None else None)
    return Mailbox(
        id=box.id,
        mailbox=box.mailbox,
        name=box.name,
        owner_id=box.owner_id or "",
        has_pin=bool(box.pin_encrypted),
        is_locked=box.is_locked,
        settings=settings,
        keys=settings.keys or _account_keys(),
        zone=str(zone_of(zone)),
        owner_name=owner.full_name if owner is not None else "",
    )


def _account_keys() -> VoicemailKeys:
    document = Account.objects.values_list("document", flat=True).get(id=current_account_id())
    try:
        return VoicemailKeys.model_validate((document.get("voicemail") or {}).get("keys") or {})
    except (ValidationError, AttributeError):
        return VoicemailKeys()
