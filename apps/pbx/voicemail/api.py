"""Mailboxes and their messages in the API."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.foundation.crossbar import documents
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Binary, Listing
from apps.foundation.crossbar.errors import NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, item_route, route
from apps.foundation.crossbar.validation import validated
from apps.foundation.identity.principal import Role
from apps.foundation.kit.clock import from_gregorian, now
from apps.foundation.storage.actions import store_file
from apps.foundation.storage.models import FileKind
from apps.pbx.media.conversion import BadAudio, convert
from apps.pbx.voicemail import message_actions
from apps.pbx.voicemail.actions import create_box, delete_box, replace_box
from apps.pbx.voicemail.documents import BoxDocument, MessageChange, MessageMetadata
from apps.pbx.voicemail.message_actions import Caller
from apps.pbx.voicemail.models import Box, Folder, Message, in_month_of
from apps.pbx.voicemail.notifying import notify_soon
from apps.pbx.voicemail.queries import Counts, counts, messages_of
from apps.pbx.voicemail.sound import NoSound, extension_of, sound_of

MESSAGE = {
    "media_id": "201605-6aadef09f6fcf5fd8bcdfca312e923ba",
    "timestamp": 63630058722,
    "from": "1001@sip.example.com",
    "to": "1000@sip.example.com",
    "caller_id_number": "1001",
    "caller_id_name": "Ada Baker",
    "call_id": "79959ZDNmM2I5ZTliMzA0NzA4N2FjNjlmODA5OWVkZjUxZWU",
    "folder": "new",
    "length": 3140,
    "urgent": False,
}
DONE = {"succeeded": ["201605-6aadef09f6fcf5fd8bcdfca312e923ba"], "failed": []}
#: Messages in one zip.
MOST_ZIPPED = 100
#: What an owner may not change of the mailbox.
FIXED = ("mailbox", "owner_id", "max_message_count", "message_retention_days")


class BoxResource(AccountResource):
    """Mailboxes and the messages in them. A user sees his own. A message is `new`, `saved` or `deleted`; a deleted one
    can be put back into a folder, and deleting it again removes it for good."""

    path, model, shape = "vmboxes", Box, BoxDocument
    summary = ("id", "name", "mailbox", "owner_id", "messages", "new_messages", "flags")
    actions = Actions(create=create_box, replace=replace_box, delete=delete_box)
    access = Access(read=Role.USER, write=Role.ACCOUNT_ADMIN, own="owner_id", own_write=True, own_fixed=FIXED)
    parents = {"users": "owner_id"}
    example = {"name": "Ada's mailbox", "mailbox": "3000", "pin": "0000", "require_pin": True}

    def __init__(self) -> None:
        self._counts: Mapping[str, Counts] = {}

    def document(self, instance: Box) -> dict[str, Any]:
        return instance.to_public()

    def prepare(self, instances: list[Any]) -> None:
        self._counts = counts(box.id for box in instances)

    def summarize(self, instance: Box) -> Mapping[str, Any]:
        held = self._counts.get(instance.id, Counts())
        return {**super().summarize(instance), "messages": held.total, "new_messages": held.new}

    @route("messages", example=[{"3a63acc3694ba189947235ae4727941b": MESSAGE}])
    def all_messages(self, request: ApiRequest) -> Listing:
        """The messages of every mailbox, each under its mailbox's id; `?folder=` as in a mailbox."""
        boxes = self.visible(request).values_list("id", flat=True)
        return _listing(messages_of(list(boxes), _folder(request)), by_box=True)

    @item_route("messages", example=[MESSAGE])
    def messages(self, request: ApiRequest, instance: Box) -> Listing:
        """The messages of a mailbox, the newest first. Deleted ones are in `?folder=deleted` only."""
        return _listing(messages_of([instance.id], _folder(request)))

    @item_route("messages", methods=("PUT",), raw=True, example=MESSAGE)
    def add(self, request: ApiRequest, instance: Box) -> Answer:
        """Add a message.

        Its sound comes in the same body (`multipart/form-data`, the rest in a part of JSON) or afterwards to `raw`.
        """
        message = _added(request, instance)
        place = f"{request.http.path.rstrip('/')}/{message.id}"
        return Answer(message.to_document(), status=201, location=place)

    @item_route("messages", methods=("POST",), shape=MessageChange, example=DONE)
    def change(self, request: ApiRequest, instance: Box) -> dict[str, Any]:
        """Put messages into a folder, or into other mailboxes."""
        wanted = MessageChange.model_validate(validated(MessageChange, documents.body_of(request)))
        return _bulk(request, instance, wanted.messages, wanted)

    @item_route("messages", methods=("DELETE",), shape=MessageChange, example=DONE)
    def clear(self, request: ApiRequest, instance: Box) -> dict[str, Any]:
        """Delete messages: those named, else all that are not deleted yet. `?folder=` takes those of a folder."""
        given = documents.body_of(request)
        wanted = MessageChange.model_validate(validated(MessageChange, given)).messages
        if "messages" not in given:
            wanted = list(messages_of([instance.id], _folder(request)).values_list("id", flat=True))
        done: dict[str, Any] = {"succeeded": [], "failed": []}
        for message_id in wanted:
            message = in_month_of(message_id).filter(box_id=instance.id).first()
            if message is None:
                done["failed"].append({message_id: "not_found"})
                continue
            _delete(request, instance, message)
            done["succeeded"].append(message_id)
        return done

    @item_route("messages/raw", methods=("POST",), shape=MessageChange, produces="application/zip")
    def zipped(self, request: ApiRequest, instance: Box) -> Binary:
        """Download the sound of messages in one zip: those named, at most 100."""
        wanted = MessageChange.model_validate(validated(MessageChange, documents.body_of(request))).messages
        if not 0 < len(wanted) <= MOST_ZIPPED:
            message = _("Name between 1 and %(most)d messages") % {"most": MOST_ZIPPED}
            raise ValidationFailed.of("messages", "minItems", message)
        return Binary(_zip(instance, wanted), "application/zip", f"messages-{instance.mailbox}.zip")

    @item_route("messages/{message_id}", example=MESSAGE)
    def message(self, request: ApiRequest, instance: Box) -> Answer:
        """One message."""
        return Answer(_message(request, instance).to_document())

    @item_route("messages/{message_id}", methods=("POST",), shape=MessageChange, example=MESSAGE)
    def change_one(self, request: ApiRequest, instance: Box) -> Answer:
        """Put a message into a folder, or into other mailboxes."""
        message = _message(request, instance)
        wanted = MessageChange.model_validate(validated(MessageChange, documents.body_of(request)))
        if isinstance(wanted.source_id, list):
            return Answer(_bulk(request, instance, [message.id], wanted))
        _bulk(request, instance, [message.id], wanted)
        message.refresh_from_db()
        return Answer(message.to_document())

    @item_route("messages/{message_id}", methods=("DELETE",), example=MESSAGE)
    def delete_one(self, request: ApiRequest, instance: Box) -> Answer:
        """Delete a message; one in the folder `deleted` is removed for good."""
        message = _message(request, instance)
        gone = _delete(request, instance, message)
        return Answer(
            {**message.to_document(), "folder": "deleted"} | ({"_read_only": {"deleted": True}} if gone else {})
        )

    @item_route("messages/{message_id}/raw", produces="audio/mpeg")
    def sound(self, request: ApiRequest, instance: Box) -> Binary:
        """Download the sound of a message, in the mailbox's format."""
        message = _message(request, instance)
        wanted = _format(instance)
        try:
            content, content_type = sound_of(message, wanted)
        except NoSound:
            raise NotFound("the message has no sound") from None
        return Binary(content, content_type, f"{message.id}.{extension_of(wanted)}")

    @item_route("messages/{message_id}/raw", methods=("PUT",), raw=True, example=MESSAGE)
    def upload(self, request: ApiRequest, instance: Box) -> Answer:
        """Upload the sound of a message: WAV, MP3, Ogg or FLAC."""
        message = _message(request, instance)
        content = _content(request)
        if not content:
            raise ValidationFailed.of("file", "required", _("The body must be a sound file"))
        return Answer(_attached(request, instance, message, content).to_document())


def _listing(rows: QuerySet[Message], *, by_box: bool = False) -> Listing:
    def shown(message: Message) -> dict[str, Any]:
        return {message.box_id: message.to_document()} if by_box else message.to_document()

    def document(message: Message) -> dict[str, Any]:
        return message.to_document()

    return Listing(rows, shown, document, order="-created", ranges={"created": "created"})


def _folder(request: ApiRequest) -> str:
    wanted = str(request.query.get("folder") or request.query.get("filter_folder") or "")
    if wanted and wanted not in Folder.values:
        message = _("A folder is new, saved or deleted")
        raise ValidationFailed.of("folder", "enum", message, target=Folder.values, value=wanted)
    return wanted


def _format(box: Box) -> str:
    return str(box.document.get("media_extension") or "mp3")


def _message(request: ApiRequest, box: Box) -> Message:
    wanted = request.arguments["message_id"]
    rows = in_month_of(wanted).filter(box_id=box.id)
    found = (rows if request.verb in ("GET", "HEAD") else rows.select_for_update()).first()
    if found is None:
        raise NotFound(wanted)
    return found


def _bulk(request: ApiRequest, box: Box, message_ids: Sequence[str], wanted: MessageChange) -> dict[str, Any]:
    """Do what is asked to each that is there: `{"succeeded": ids, "failed": [{id: why}]}`. Of copies, the new ids."""
    if wanted.folder is None and wanted.source_id is None:
        raise ValidationFailed.of("folder", "required", "Field is required but missing")
    targets = _targets(wanted)
    done: dict[str, Any] = {"succeeded": [], "failed": []}
    for message_id in dict.fromkeys(message_ids):
        message = in_month_of(message_id).filter(box_id=box.id).select_for_update().first()
        if message is None:
            done["failed"].append({message_id: "not_found"})
            continue
        if wanted.folder is not None:
            message_actions.put_into(box, [message_id], wanted.folder, request.principal)
            message.refresh_from_db()
        if isinstance(wanted.source_id, list):
            made = [message_actions.copy(message, target, request.principal) for target in targets]
            done["succeeded"] += [one.id for one in made]
            continue
        for target in targets:
            if target.id != box.id:
                message_actions.move(message, box, target, request.principal)
        done["succeeded"].append(message_id)
    return done


def _targets(wanted: MessageChange) -> list[Box]:
    ids = wanted.source_id if isinstance(wanted.source_id, list) else [wanted.source_id] if wanted.source_id else []
    found = Box.objects.in_bulk(ids)
    missing = [one for one in ids if one not in found]
    if missing:
        raise ValidationFailed.of("source_id", "not_found", _("There is no such mailbox"), cause=missing[0])
    return [found[one] for one in dict.fromkeys(ids)]


def _delete(request: ApiRequest, box: Box, message: Message) -> bool:
    """True where it is gone for good."""
    if message.folder == Folder.DELETED:
        message_actions.remove(message, box, request.principal)
        return True
    message_actions.put_into(box, [message.id], Folder.DELETED, request.principal)
    return False


def _added(request: ApiRequest, box: Box) -> Message:
    given = documents.body_of(request)
    shape = MessageMetadata.model_validate(validated(MessageMetadata, given))
    caller = Caller(shape.caller_id_name, shape.caller_id_number, shape.call_id, shape.from_, shape.to)
    message = message_actions.add_message(
        box, _moment(shape.timestamp), caller, request.principal, folder=shape.folder, length=shape.length,
        urgent=shape.urgent,
        transcription=shape.transcription.as_document() if shape.transcription is not None else {},
    )  # fmt: skip
    content = _content(request)
    return _attached(request, box, message, content) if content else message


def _moment(timestamp: int | None) -> datetime:
    """Messages have months with partitions of their own: nobody makes one for the year 9999."""
    if timestamp is None:
        return now()
    try:
        moment = from_gregorian(timestamp)
    except ValueError as error:
        raise ValidationFailed.of("timestamp", "invalid", str(error), value=timestamp) from None
    if moment.year < 1990 or moment > now():
        message = _("A message was left between 1990 and now, in Gregorian seconds")
        raise ValidationFailed.of("timestamp", "invalid", message, value=timestamp)
    return moment


def _content(request: ApiRequest) -> bytes:
    return bytes(request.body or (request.files[0].read() if request.files else b""))


def _attached(request: ApiRequest, box: Box, message: Message, content: bytes) -> Message:
    try:
        converted = convert(content)
    except BadAudio as error:
        raise ValidationFailed.of("file", error.rule, error.message) from error
    try:
        name = f"{message.caller_id_number or 'unknown'} {box.mailbox}"
        file = store_file(FileKind.VOICEMAIL, name, "audio/wav", converted.narrow)
        stored = message_actions.attach_sound(message, box, file, converted.milliseconds, request.principal)
    finally:
        converted.close()
    if stored.folder == Folder.NEW:
        message_actions.note_mail(stored, "waiting")
        notify_soon(stored)
    return stored


def _zip(box: Box, message_ids: Sequence[str]) -> bytes:
    written = io.BytesIO()
    wanted, count = _format(box), 0
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for message_id in dict.fromkeys(message_ids):
            message = in_month_of(message_id).filter(box_id=box.id).first()
            if message is None:
                continue
            try:
                content, _content_type = sound_of(message, wanted)
            except NoSound:
                continue
            archive.writestr(f"{message.id}.{extension_of(wanted)}", content)
            count += 1
    if not count:
        raise NotFound("none of the messages has a sound")
    return written.getvalue()
