"""Every write of media."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.audit.actions import record
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now
from apps.foundation.storage.actions import delete_file, store_file
from apps.foundation.storage.models import FileKind, StoredFile
from apps.pbx.media.conversion import BadAudio, Converted, convert
from apps.pbx.media.documents import MediaDocument
from apps.pbx.media.models import Media
from apps.pbx.media.queries import known_ids


@transaction.atomic
def create_media(document: dict[str, Any], principal: Principal) -> Media:
    """Raises ValidationFailed: a prompt that has a sound in this language, a playlist of what is not there."""
    return create_document(Media, _checked(document), principal)


@transaction.atomic
def replace_media(media: Media, document: dict[str, Any], principal: Principal) -> Media:
    """Raises as `create_media`. An uploaded sound stays, unless the media becomes one that has none."""
    document = _checked(document, media)
    if document["media_source"] in ("tts", "playlist"):
        _drop_files(media)
    return replace_document(media, document, principal)


@transaction.atomic
def delete_media(media: Media, principal: Principal, *, hard: bool = False) -> Media:
    if hard:
        _drop_files(media)
    return delete_document(media, principal, hard=hard)


def upload(media: Media, content: bytes, principal: Principal) -> Media:
    """Take in a WAV, MP3, Ogg or FLAC as the media's sound. Raises ValidationFailed for anything else."""
    if media.media_source in ("tts", "playlist"):
        message = _("Only media with the source upload or recording take a file")
        raise ValidationFailed.of("media_source", "invalid", message, value=media.media_source)
    try:
        converted = convert(content)
    except BadAudio as error:
        raise ValidationFailed.of("file", error.rule, error.message) from error
    try:
        return _store(media, content, converted, principal)
    finally:
        converted.close()


@transaction.atomic
def _store(media: Media, content: bytes, converted: Converted, principal: Principal) -> Media:
    before = media.to_document()
    _drop_files(media)
    original = store_file(FileKind.MEDIA, media.name, converted.content_type, content)
    media.original_id = original.id
    media.narrow_id = store_file(FileKind.MEDIA, media.name, "audio/wav", converted.narrow).id
    media.wide_id = store_file(FileKind.MEDIA, media.name, "audio/wav", converted.wide).id
    media.content_type, media.content_length = original.content_type, original.size
    media.milliseconds = converted.milliseconds
    media.revision += 1
    media.modified = now()
    media.save(force_update=True)
    record(principal, "media.uploaded", media.document_type, media.pk, before, media.to_document())
    publish(DocumentChanged(media.account_id, "doc_edited", media.document_type, media.pk))
    return media


def _drop_files(media: Media) -> None:
    held = [one for one in (media.original_id, media.narrow_id, media.wide_id) if one]
    for file in StoredFile.objects.filter(id__in=held):
        delete_file(file)
    media.original_id = media.narrow_id = media.wide_id = media.content_type = ""
    media.content_length = media.milliseconds = 0


def _checked(document: dict[str, Any], media: Media | None = None) -> dict[str, Any]:
    document = validated(MediaDocument, document)
    source = document["media_source"]
    if source == "tts" and not document["tts"].get("text"):
        raise ValidationFailed.of("tts.text", "required", _("A media that is spoken needs a text"))
    if source == "playlist" and "playlist" not in document:
        raise ValidationFailed.of("playlist", "required", _("A playlist needs media to play"))
    if document.get("prompt_id"):
        same = Media.objects.filter(prompt_id=document["prompt_id"], language=document["language"])
        if same.exclude(id=media.id if media else "").exists():
            message = _("This prompt has a media in this language already")
            raise ValidationFailed.of("prompt_id", "unique", message, cause=document["prompt_id"])
    if source == "playlist":
        wanted = document["playlist"]["media"]
        known = known_ids(wanted)
        missing = {
            f"playlist.media.{place}": {"not_found": {"message": _("There is no such media"), "cause": one}}
            for place, one in enumerate(wanted)
            if one not in known
        }
        if missing:
            raise ValidationFailed(missing)
    return document
