"""What follows a message: mails, their failures, folders afterwards, texts, retention."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import numpy
import pytest
import soundfile
from django.core import mail
from kombu.exceptions import OperationalError

from apps.foundation.events import outbox
from apps.foundation.events.models import OutboxEntry
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.foundation.storage.actions import receive_file
from apps.foundation.storage.models import StoredFile
from apps.pbx.media.recognisers.http import Http
from apps.pbx.voicemail import notifying, phone_actions, tasks
from apps.pbx.voicemail.models import Message
from apps.switching.presence.models import MailboxCount
from tests.integration.pbx.voicemail.boxes import a_box, a_message, folders, messages
from tests.pbx_office import Office


def sound() -> bytes:
    written = io.BytesIO()
    soundfile.write(written, numpy.zeros(8000), 8000, format="WAV", subtype="PCM_16")
    return written.getvalue()


def arrive(office: Office, message: Message) -> None:
    office.within(lambda: receive_file(message.file_id, sound()))


def tell(office: Office, message: Message) -> Message:
    people = office.within(lambda: notifying.prepare(message.id))
    for address, language, zone in people:
        office.within(lambda one=(address, language, zone): notifying.send_mail(message.id, *one))
    return office.within(lambda: Message.objects.get(id=message.id))


def test_owner_and_others_get_the_message_in_their_language(office: Office) -> None:
    ada = office.user("ada", language="de")
    office.within(lambda: type(ada).objects.filter(id=ada.id).update(email="ada@example.com"))
    box = a_box(office, owner_id=ada.id, notify_email_addresses=["desk@example.com", "ADA@example.com"])
    message = a_message(office, box, number="+13125550100")
    arrive(office, message)
    assert tell(office, message).mail_state == "sent"
    assert [one.to for one in mail.outbox] == [["ada@example.com"], ["desk@example.com"]]
    for one in mail.outbox:
        ((name, content, kind),) = one.attachments
        assert (name.endswith(".mp3"), kind, len(content) > 100) == (True, "audio/mpeg", True)
        assert "Bob" in one.subject
        assert one.alternatives[0][1] == "text/html"
    assert folders(office, box) == ["new"]


@pytest.mark.parametrize(
    ("document", "folder", "attached"),
    [
        ({}, "new", 1),
        ({"include_message_on_notify": False}, "new", 0),
        ({"delete_after_notify": True}, "deleted", 1),
        ({"save_after_notify": True}, "saved", 1),
        ({"save_after_notify": True, "delete_after_notify": True}, "saved", 1),
    ],
)
def test_what_becomes_of_it(office: Office, document: dict[str, Any], folder: str, attached: int) -> None:
    box = a_box(office, notify_email_addresses=["desk@example.com"], **document)
    message = a_message(office, box)
    arrive(office, message)
    tell(office, message)
    assert folders(office, box) == [folder]
    assert len(mail.outbox[0].attachments) == attached


def test_nobody_to_tell_deletes_nothing(office: Office) -> None:
    box = a_box(office, delete_after_notify=True)
    message = a_message(office, box)
    arrive(office, message)
    assert tell(office, message).mail_state == "none"
    assert folders(office, box) == ["new"]


def test_a_failure_is_seen_in_the_message(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    box = a_box(office, notify_email_addresses=["desk@example.com"], delete_after_notify=True)
    message = a_message(office, box)

    def refuse(*_arguments: object, **_options: object) -> None:
        raise ConnectionRefusedError("no mail server")

    monkeypatch.setattr(notifying, "send_mail", refuse)
    outcome = tasks.mail.apply((office.id, message.id, "desk@example.com", "", ""), retries=tasks.MOST_TRIES)
    assert outcome.successful()
    (kept,) = messages(office, box)
    assert (kept.mail_state, kept.folder) == ("failed", "new")
    assert "no mail server" in kept.to_document()["notification"]["error"]


def test_a_text_is_made_of_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Http, "missing", lambda self: "")
    monkeypatch.setattr(Http, "words", lambda self, wave, language, expected: f"{language}: {wave[:4].decode()}")
    box = a_box(office, transcribe=True, notify_email_addresses=["desk@example.com"])
    message = a_message(office, box)
    arrive(office, message)
    told = tell(office, message)
    assert told.transcription == {"result": "success", "text": "en: RIFF"}
    assert "en: RIFF" in mail.outbox[0].body


def test_message_lamps_know_the_counts(office: Office) -> None:
    ada = office.user("ada")
    box = a_box(office, owner_id=ada.id)
    first = a_message(office, box)
    a_message(office, box)
    office.within(lambda: phone_actions.put(box.id, first.id, "saved", system_principal(office.id)))
    lamp = MailboxCount.objects.get(mailbox_id=box.id)
    assert (lamp.number, lamp.owner_id, lamp.new, lamp.saved) == ("3000", ada.id, 1, 1)


def test_old_messages_go_with_their_sound(office: Office) -> None:
    short, long, ever = (
        a_box(office, number, message_retention_days=days) for number, days in [("1", 10), ("2", 93), ("3", 0)]
    )
    for box in (short, long, ever):
        for days in (9, 20, 100):
            a_message(office, box, moment=now() - timedelta(days=days))
    before = office.within(lambda: StoredFile.objects.filter(kind="voicemail").count())
    assert tasks.remove_old() == 3
    assert [len(messages(office, box)) for box in (short, long, ever)] == [1, 2, 3]
    assert office.within(lambda: StoredFile.objects.filter(kind="voicemail").count()) == before - 3


def test_a_broker_that_is_away_delays_the_mail_and_loses_none(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_arguments: Any, **_named: Any) -> None:
        raise OperationalError("no broker")

    OutboxEntry.objects.all().delete()
    box = a_box(office, notify_email_addresses=["desk@example.com", "shop@example.com"])
    message = a_message(office, box)
    with monkeypatch.context() as patch:
        for task in (tasks.notify, tasks.mail):
            patch.setattr(task, "apply_async", away)
        arrive(office, message)
    assert mail.outbox == []
    for task in (tasks.notify, tasks.mail):
        monkeypatch.setattr(task, "apply_async", _begun_twice(task))
    hand_over_what_waits()
    assert sorted(one.to for one in mail.outbox) == [["desk@example.com"], ["shop@example.com"]]
    assert not OutboxEntry.objects.filter(name__startswith="voicemail.").exists()


def _begun_twice(task: Any) -> Any:
    """As a worker does whose queue was delivered again."""

    def begin(arguments: Any, named: Any, task_id: str, **_options: Any) -> None:
        for _ in range(2):
            assert task.apply(arguments, named, task_id=task_id).successful()

    return begin


def hand_over_what_waits() -> None:
    """The broker is back, and what waited is handed over, with what follows from it."""
    outbox._away_until = 0.0
    while OutboxEntry.objects.filter(name__startswith="voicemail.").update(due=now()):
        outbox.relay()
