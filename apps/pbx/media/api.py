"""Media in the API."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

from django.db.models import QuerySet

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Binary
from apps.foundation.crossbar.errors import NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, SystemResource, item_route, route
from apps.foundation.identity.principal import Role
from apps.foundation.storage.actions import read_file
from apps.foundation.storage.errors import NotStored
from apps.foundation.storage.queries import find_file
from apps.pbx.media.actions import create_media, delete_media, replace_media, upload
from apps.pbx.media.documents import EXAMPLE, MediaDocument
from apps.pbx.media.languages import LANGUAGES
from apps.pbx.media.models import Media
from apps.pbx.media.prompts import prompts, text_of
from apps.pbx.media.queries import recipes
from apps.pbx.media.rendering import render

SUFFIXES = {"audio/wav": "wav", "audio/mpeg": "mp3", "audio/ogg": "ogg", "audio/flac": "flac"}
#: KAZOO's word for media without a language.
MISSING = "missing"
_FULL = {**EXAMPLE, "id": "0123456789abcdef0123456789abcdef", "language": "en-us", "streamable": True}


class MediaResource(AccountResource):
    """Sounds of the account: uploads, texts that are spoken, playlists, and its own versions of the prompts."""

    path, model, shape = "media", Media, MediaDocument
    summary = ("id", "name", "language", "media_source", "is_prompt", "prompt_id")
    actions = Actions(create=create_media, replace=replace_media, delete=delete_media)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    example = EXAMPLE

    @item_route("raw", produces="audio/wav")
    def download(self, request: ApiRequest, instance: Media) -> Binary:
        """Download the sound: the file as it was uploaded, or what is spoken, as a WAV."""
        content, content_type = _spoken(instance) if instance.media_source == "tts" else _uploaded(instance)
        name = f"{instance.name}.{SUFFIXES.get(content_type, 'bin')}"
        return Binary(content, content_type, file_name=name)

    @item_route("raw", methods=("POST",), raw=True, example=_FULL)
    def upload(self, request: ApiRequest, instance: Media) -> Answer:
        """Upload the sound: a WAV, MP3, Ogg or FLAC, as it is or as a base64 data URI.

        What it is, is told by its content. It may last 30 minutes.
        """
        return _take_in(self, request, instance)

    @route("languages", example=[{"en-us": 3, "missing": 1}])
    def languages(self, request: ApiRequest) -> list[dict[str, int]]:
        """How many media there are in each language."""
        found = Counter(language or MISSING for language in Media.objects.values_list("language", flat=True))
        return [dict(sorted(found.items()))]

    @route("languages/{language}", example=["0123456789abcdef0123456789abcdef"])
    def in_language(self, request: ApiRequest) -> list[str]:
        """The ids of the media in one language; `missing` for those without any."""
        wanted = request.arguments["language"].lower()
        rows = Media.objects.filter(language="" if wanted == MISSING else wanted)
        return _ids(rows.order_by("name"), wanted)

    @route("prompts", example=[{"vm-enter_pass": 2}])
    def prompts(self, request: ApiRequest) -> list[dict[str, int]]:
        """The prompts the account has its own sounds for, each with how many languages it has them in."""
        found = Counter(Media.objects.exclude(prompt_id="").values_list("prompt_id", flat=True))
        return [dict(sorted(found.items()))]

    @route("prompts/{prompt_id}", example=["0123456789abcdef0123456789abcdef"])
    def of_prompt(self, request: ApiRequest) -> list[str]:
        """The ids of the account's sounds for one prompt, one for each language."""
        wanted = request.arguments["prompt_id"]
        rows = Media.objects.filter(prompt_id=wanted).exclude(prompt_id="")
        return _ids(rows.order_by("language"), wanted)


class SystemPromptsResource(SystemResource):
    """The prompts the system speaks itself, for whoever wants to replace one with a sound of his own."""

    path = "media"
    access = Access(read=Role.USER)

    @route("languages", example=[{"en": 265, "es": 265}])
    def languages(self, request: ApiRequest) -> list[dict[str, int]]:
        """How many prompts there are in each language."""
        return [{language: len(prompts()) for language in LANGUAGES}]

    @route("prompts", example=[{"vm-enter_pass": 10, "vm-goodbye": 10}])
    def prompts(self, request: ApiRequest) -> list[dict[str, int]]:
        """The prompts' ids, each with how many languages it is spoken in."""
        return [dict.fromkeys(prompts(), len(LANGUAGES))]

    @route("prompts/{prompt_id}", example={"en": "Goodbye.", "es": "Adiós."})
    def of_prompt(self, request: ApiRequest) -> dict[str, str]:
        """What one prompt says in each language."""
        wanted = request.arguments["prompt_id"]
        if wanted not in prompts():
            raise NotFound(wanted)
        return {language: text_of(wanted, language) for language in LANGUAGES}


def _ids(rows: QuerySet[Any], wanted: str) -> list[str]:
    """Raises NotFound for a language or a prompt that the account has nothing in."""
    found = list(rows.values_list("id", flat=True))
    if not found and wanted != MISSING:
        raise NotFound(wanted)
    return found


def _take_in(resource: MediaResource, request: ApiRequest, media: Media) -> Answer:
    content = request.body
    if not content and request.files:
        content = request.files[0].read()
    if not content:
        raise ValidationFailed.of("file", "required", "The body must be a sound file")
    stored = upload(media, content, request.principal)
    return Answer(resource.document(stored), revision=resource.revision(stored))


def _uploaded(media: Media) -> tuple[bytes, str]:
    file = find_file(media.original_id)
    if file is None:
        raise NotFound("there is no sound yet")
    try:
        return read_file(file), file.content_type
    except NotStored:
        raise NotFound("the file is gone") from None


def _spoken(media: Media) -> tuple[bytes, str]:
    """All pieces of the text in one WAV."""
    import numpy
    import soundfile

    parts = [soundfile.read(io.BytesIO(render(recipe).wave), dtype="int16") for recipe in recipes(media)]
    joined = io.BytesIO()
    samples = numpy.concatenate([samples for samples, _rate in parts])
    soundfile.write(joined, samples, parts[0][1], format="WAV", subtype="PCM_16")
    return joined.getvalue(), "audio/wav"
