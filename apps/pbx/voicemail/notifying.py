"""What follows once a message is kept and its sound is stored: its text, mails, a call. Runs inside `account_scope`."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.events.outbox import enqueue
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.phone_numbers import for_display
from apps.foundation.storage.models import StoredFile
from apps.pbx.media.recognisers import RecognitionFailed, ready_recogniser
from apps.pbx.numbers.answering import home_region
from apps.pbx.schedules.queries import zone_of
from apps.pbx.users.models import User
from apps.pbx.voicemail.documents import BoxDocument
from apps.pbx.voicemail.message_actions import note_mail, note_transcription, put_into, tell_stored
from apps.pbx.voicemail.models import Box, Folder, MailState, Message, in_month_of
from apps.pbx.voicemail.sound import NoSound, extension_of, plain_wave, sound_of

log = logging.getLogger(__name__)
#: Bytes of an attachment; a longer message is only told of.
LARGEST_ATTACHMENT = 10 * 1024 * 1024


def message_arrived(file: StoredFile) -> None:
    """The sound of a message is in the storage, or what was said before it."""
    for message in Message.objects.filter(Q(file_id=file.id) | Q(introduction_id=file.id)):
        box = Box.objects.filter(id=message.box_id).first()
        if box is None:
            continue
        if message.file_id == file.id:
            tell_stored(message)
        if is_complete(message):
            notify_soon(message)


def is_complete(message: Message) -> bool:
    """Whether all of its sound is in the storage."""
    wanted = {one for one in (message.file_id, message.introduction_id) if one}
    return bool(wanted) and StoredFile.objects.filter(id__in=wanted, state="stored").count() == len(wanted)


def notify_soon(message: Message) -> None:
    """Begin in a task, once this is committed."""
    from apps.pbx.voicemail import tasks

    enqueue(tasks.notify, message.account_id, message.id)


def prepare(message_id: str) -> list[tuple[str, str, str]]:
    """Turn a message into text, and say who is mailed about it: `(address, language, zone)` of each."""
    message = in_month_of(message_id).first()
    box = Box.objects.filter(id=message.box_id).first() if message is not None else None
    if message is None or box is None or message.mail_state != MailState.WAITING:
        return []
    shape = BoxDocument.model_validate(box.to_document())
    if shape.transcribe and not message.transcription:
        note_transcription(message, _transcribed(message, _owner(box)))
    people = _people(box, shape)
    if not people:
        note_mail(message, MailState.NONE)
    return people


def send_mail(message_id: str, address: str, language: str, zone: str) -> None:
    """Mail one person about a message, then save or delete it where the box says so. Raises OSError where no mail
    server is reached."""
    message = in_month_of(message_id).first()
    box = Box.objects.filter(id=message.box_id).first() if message is not None else None
    if message is None or box is None:
        return
    shape = BoxDocument.model_validate(box.to_document())
    _mail(message, box, shape, address, language, zone).send()
    with transaction.atomic():
        held = in_month_of(message_id).select_for_update().first()
        if held is None:
            return
        note_mail(held, MailState.SENT)
        folder = Folder.SAVED if shape.save_after_notify else Folder.DELETED if shape.delete_after_notify else ""
        if folder and held.folder == Folder.NEW:
            put_into(box, [message_id], folder, system_principal(box.account_id))


def note_failed(message_id: str, error: str, *, last: bool) -> None:
    """A mail could not be sent: it is in the message for everybody to see."""
    message = in_month_of(message_id).first()
    if message is not None and message.mail_state != MailState.SENT:
        note_mail(message, MailState.FAILED if last else MailState.WAITING, error)


def tell_full(box_id: str) -> list[tuple[str, str, str]]:
    """Who is told that a box is full."""
    box = Box.objects.filter(id=box_id).first()
    return _people(box, BoxDocument.model_validate(box.to_document())) if box is not None else []


def send_full(box_id: str, address: str, language: str) -> None:
    """Mail one person that a box is full. Raises OSError."""
    box = Box.objects.filter(id=box_id).first()
    if box is None:
        return
    account = Account.objects.get(id=current_account_id())
    with translation.override(_known_language(language or account.language)):
        about = {"account": account.name, "box": box.name, "mailbox": box.mailbox}
        mail = EmailMultiAlternatives(
            subject=_("Mailbox %(mailbox)s is full") % about,
            body=render_to_string("voicemail/mailbox_full.txt", about),
            to=[address],
        )
        mail.attach_alternative(render_to_string("voicemail/mailbox_full.html", about), "text/html")
        mail.send()


def _mail(
    message: Message, box: Box, shape: BoxDocument, address: str, language: str, zone: str
) -> EmailMultiAlternatives:
    account = Account.objects.get(id=current_account_id())
    with translation.override(_known_language(language or account.language)):
        number = for_display(message.caller_id_number, home_region(account)) or _("withheld")
        about = {
            "account": account.name,
            "box": box.name,
            "mailbox": box.mailbox,
            "caller": message.caller_id_name,
            "number": number,
            "at": message.created.astimezone(zone_of(shape.timezone or zone)).replace(tzinfo=None),
            "length": timedelta(seconds=round(message.length / 1000)),
            "urgent": message.urgent,
            "text": message.transcription.get("text", "") if shape.include_transcription_on_notify else "",
        }
        who = " ".join(f"{message.caller_id_name or number}".split())
        mail = EmailMultiAlternatives(
            subject=_("Voice message from %(caller)s") % {"caller": who},
            body=render_to_string("voicemail/new_message.txt", about),
            to=[address],
            headers={"X-Priority": "1", "Importance": "high"} if message.urgent else {},
        )
        mail.attach_alternative(render_to_string("voicemail/new_message.html", about), "text/html")
    if shape.include_message_on_notify:
        _attach(mail, message, shape)
    return mail


def _attach(mail: EmailMultiAlternatives, message: Message, shape: BoxDocument) -> None:
    try:
        content, content_type = sound_of(message, shape.media_extension)
    except NoSound:
        log.warning("message %s is mailed without its sound, which is not there", message.id)
        return
    if len(content) <= LARGEST_ATTACHMENT:
        moment = message.created.strftime("%Y%m%d-%H%M%S")
        mail.attach(f"voicemail-{moment}.{extension_of(shape.media_extension)}", content, content_type)


def _transcribed(message: Message, owner: User | None) -> dict[str, str]:
    recogniser = ready_recogniser()
    if recogniser is None:
        return {"result": "error", "text": ""}
    language = str(owner.document.get("language") or "") if owner is not None else ""
    language = language or Account.objects.values_list("language", flat=True).get(id=current_account_id())
    try:
        text = recogniser.words(plain_wave(message), language.partition("-")[0], ())
    except (RecognitionFailed, NoSound) as error:
        log.warning("message %s has no text: %s", message.id, error)
        return {"result": "error", "text": ""}
    return {"result": "success", "text": text}


def _owner(box: Box) -> User | None:
    found: User | None = User.objects.filter(id=box.owner_id).first() if box.owner_id else None
    return found


def _people(box: Box, shape: BoxDocument) -> list[tuple[str, str, str]]:
    found: dict[str, tuple[str, str, str]] = {}
    owner = _owner(box)
    if owner is not None and owner.email and owner.document.get("vm_to_email_enabled", True):
        language = str(owner.document.get("language") or "")
        found[owner.email.lower()] = (owner.email, language, owner.timezone or "")
    for address in shape.notify_email_addresses:
        found.setdefault(address.lower(), (address, "", ""))
    return list(found.values())


def _known_language(language: str) -> str:
    known = {code for code, _name in settings.LANGUAGES}
    wanted = language.lower()
    return next((one for one in (wanted, wanted.partition("-")[0]) if one in known), settings.LANGUAGE_CODE)
