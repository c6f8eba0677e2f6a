"""Every write of a message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.foundation.accounts.scope import current_account_id, hold_account
from apps.foundation.audit.actions import record
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal, system_principal
from apps.foundation.kit.clock import now, to_gregorian
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import ensure_partition, first_of_month
from apps.foundation.storage.models import FileKind, StoredFile
from apps.pbx.voicemail.events import MailboxChanged, MessageFact
from apps.pbx.voicemail.models import Box, Folder, MailState, Message, in_month_of
from apps.pbx.voicemail.queries import counts_of
from apps.switching.calls.files import drop_recorded, keep_recorded
from apps.switching.presence.actions import set_message_waiting

TYPE = "mailbox_message"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who left a message, and in which call."""

    name: str = ""
    number: str = ""
    call_id: str = ""
    from_uri: str = ""
    to_uri: str = ""


@transaction.atomic
def keep_message(
    box_id: str,
    recording_id: str,
    moment: datetime,
    path: str,
    *,
    switch: str,
    milliseconds: int,
    caller: Caller,
    urgent: bool = False,
) -> Message | None:
    """Keep what a caller recorded on a switch (`path` is absolute there). Keeping the same recording twice is one
    message. None where the box is gone."""
    hold_account()
    message_id = monthly_id(moment, recording_id)
    # The box's row makes those who would keep the same recording at once wait for one another.
    box = Box.objects.select_for_update().filter(id=box_id).first()
    known = in_month_of(message_id).first()
    if box is None or known is not None:
        return known
    file = keep_recorded(FileKind.VOICEMAIL, path, switch=switch, name=f"{caller.number or 'unknown'} {box.mailbox}")
    message = _inserted(box, message_id, moment, caller, file_id=file.id, length=milliseconds, urgent=urgent)
    _tell(message, box, "doc_created", "new_voicemail")
    return message


@transaction.atomic
def add_message(
    box: Box, moment: datetime, caller: Caller, principal: Principal, *, folder: str, length: int, urgent: bool,
    transcription: dict[str, Any],
) -> Message:  # fmt: skip
    """A message without sound, as a client adds it."""
    hold_account()
    message = _inserted(
        box, monthly_id(moment), moment, caller, folder=folder, length=length, urgent=urgent,
        transcription=transcription, mail_state=MailState.NONE,
    )  # fmt: skip
    record(principal, f"{TYPE}.created", TYPE, message.id, {}, message.to_document())
    _tell(message, box, "doc_created", "new_voicemail")
    return message


@transaction.atomic
def attach_sound(message: Message, box: Box, file: StoredFile, milliseconds: int, principal: Principal) -> Message:
    """Give a message another sound; the old one goes, unless a copy has it too."""
    hold_account()
    before, old = message.to_document(), message.file_id
    message.file_id, message.length, message.introduction_id = file.id, milliseconds, ""
    message.note("sound added")
    message.save()
    _drop_files([old])
    record(principal, f"{TYPE}.edited", TYPE, message.id, before, message.to_document())
    _tell(message, box, "doc_edited", "voicemail_saved")
    return message


@transaction.atomic
def put_into(box: Box, message_ids: Iterable[str], folder: str, principal: Principal) -> list[Message]:
    """Put messages of a box into a folder; those that are not there are not in the answer."""
    hold_account()
    moved = []
    for message_id in message_ids:
        message = _of(box, message_id)
        if message is None:
            continue
        moved.append(message)
        if message.folder == folder:
            continue
        before = message.to_document()
        message.note(f"{message.folder} to {folder}")
        message.folder = folder
        message.save(update_fields=["folder", "history"])
        record(principal, f"{TYPE}.edited", TYPE, message.id, before, message.to_document())
        _tell(message, box, "doc_edited", "voicemail_deleted" if folder == Folder.DELETED else "")
    announce(box)
    return moved


@transaction.atomic
def move(message: Message, box: Box, target: Box, principal: Principal) -> Message:
    """Into another mailbox of the account."""
    hold_account()
    before = message.to_document()
    message.box_id = target.id
    message.note(f"moved from {box.mailbox} to {target.mailbox}")
    message.save(update_fields=["box_id", "history"])
    record(principal, f"{TYPE}.edited", TYPE, message.id, before | {"box": box.id}, {"box": target.id})
    announce(box)
    _tell(message, target, "doc_edited", "")
    return message


@transaction.atomic
def copy(message: Message, target: Box, principal: Principal, *, introduction: StoredFile | None = None) -> Message:
    """Into another mailbox; it stays where it is as well. With an introduction that is played before it."""
    hold_account()
    moment = now()
    caller = Caller(message.caller_id_name, message.caller_id_number, message.call_id, message.from_uri, message.to_uri)
    made = _inserted(
        target, monthly_id(moment), moment, caller, length=message.length, urgent=message.urgent,
        file_id=message.file_id, transcription=message.transcription,
        introduction_id=introduction.id if introduction is not None else message.introduction_id,
    )  # fmt: skip
    made.note(f"copied from {message.id}")
    made.save(update_fields=["history"])
    record(principal, f"{TYPE}.created", TYPE, made.id, {}, made.to_document())
    _tell(made, target, "doc_created", "new_voicemail")
    from apps.pbx.voicemail.notifying import is_complete, notify_soon

    if is_complete(made):
        notify_soon(made)
    return made


@transaction.atomic
def remove(message: Message, box: Box, principal: Principal) -> None:
    """For good, with its sound."""
    hold_account()
    record(principal, f"{TYPE}.deleted", TYPE, message.id, message.to_document(), {})
    Message.objects.filter(id=message.id, month=message.month).delete()
    _drop_files([message.file_id, message.introduction_id])
    _tell(message, box, "doc_deleted", "voicemail_deleted")


def remove_message_of(file: StoredFile) -> None:
    """The file is older than the account's storage plan keeps messages: it goes, and its message."""
    for message in Message.objects.filter(file_id=file.id):
        box = Box.objects.filter(id=message.box_id).first()
        if box is not None:
            remove(message, box, system_principal(file.account_id))


def messages_of(user_id: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The messages in a person's mailboxes, each with the ids of its files."""
    for box in Box.objects.filter(owner_id=user_id):
        for message in Message.objects.filter(box_id=box.id):
            yield message.to_document() | {"id": message.id}, [message.file_id, message.introduction_id]


def erase_messages_of(user_id: str, principal: Principal) -> int:
    """Remove the messages in a person's mailboxes, for good; how many."""
    return sum(remove_messages(box) for box in Box.objects.filter(owner_id=user_id))


@transaction.atomic
def remove_messages(box: Box, older_than: datetime | None = None) -> int:
    """Remove all messages of a box for good, or those that were left before a moment."""
    hold_account()
    rows = Message.objects.filter(box_id=box.id)
    if older_than is not None:
        rows = rows.filter(created__lt=older_than)
    gone: Sequence[Message] = list(rows.select_for_update())
    if not gone:
        return 0
    rows.filter(id__in=[one.id for one in gone]).delete()
    _drop_files([file for one in gone for file in (one.file_id, one.introduction_id)])
    system = system_principal(box.account_id)
    record(system, f"{box.document_type}.emptied", box.document_type, box.pk, {"messages": len(gone)}, {"messages": 0})
    announce(box)
    return len(gone)


def note_mail(message: Message, state: str, error: str = "") -> None:
    """What became of the mail about it."""
    message.mail_state, message.mail_error = state, error[:255]
    message.save(update_fields=["mail_state", "mail_error"])


def note_transcription(message: Message, transcription: dict[str, Any]) -> None:
    message.transcription = transcription
    message.save(update_fields=["transcription"])


def announce(box: Box, *, gone: bool = False) -> None:
    """Tell how many messages a box holds: everybody who listens, and the message lamps of phones."""
    held = counts_of(box.pk)
    new, saved = (0, 0) if gone else (held.new, held.saved)
    owner = box.owner_id or ""
    set_message_waiting(box.account_id, box.pk, number=box.mailbox, owner_id=owner, new=new, saved=saved)
    publish(MailboxChanged(box.account_id, box.pk, box.mailbox, owner, new, saved))


def tell_stored(message: Message) -> None:
    """Its sound is in the storage."""
    publish(_fact(message, "voicemail_saved"))


def _inserted(box: Box, message_id: str, moment: datetime, caller: Caller, **columns: Any) -> Message:
    ensure_partition(Message, moment)
    return Message.objects.create(
        id=message_id,
        month=first_of_month(moment).date(),
        account_id=current_account_id(),
        box_id=box.id,
        created=moment,
        caller_id_name=caller.name[:128],
        caller_id_number=caller.number[:64],
        from_uri=caller.from_uri[:255],
        to_uri=caller.to_uri[:255],
        call_id=caller.call_id[:64],
        history=[{"at": to_gregorian(now()), "what": f"left in {box.mailbox}"}],
        **columns,
    )


def _of(box: Box, message_id: str) -> Message | None:
    return in_month_of(message_id).filter(box_id=box.id).select_for_update().first()


def _drop_files(ids: Iterable[str]) -> None:
    """Those no message has any more."""
    for identifier in {one for one in ids if one}:
        if Message.objects.filter(Q(file_id=identifier) | Q(introduction_id=identifier)).exists():
            continue
        for file in StoredFile.objects.filter(id=identifier):
            drop_recorded(file)


def _tell(message: Message, box: Box, action: str, event_name: str) -> None:
    publish(DocumentChanged(message.account_id, action, TYPE, message.id))
    if event_name:
        publish(_fact(message, event_name))
    announce(box)


def _fact(message: Message, event_name: str) -> MessageFact:
    return MessageFact(
        message.account_id,
        event_name,
        message.box_id,
        message.id,
        message.caller_id_name,
        message.caller_id_number,
        message.length,
        to_gregorian(message.created),
    )
