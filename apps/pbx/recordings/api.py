"""Recordings in the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from django.db.models import QuerySet
from pydantic import Field

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Download
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, item_route
from apps.foundation.crossbar.validation import parse_value
from apps.foundation.identity.principal import Role
from apps.foundation.kit.clock import now, to_gregorian
from apps.foundation.storage.actions import open_file
from apps.foundation.storage.errors import NotStored
from apps.foundation.storage.links import LONGEST_SECONDS, USUAL_SECONDS, link_to
from apps.foundation.storage.queries import find_file
from apps.pbx.recordings.actions import TYPE, delete_recording, note_download
from apps.pbx.recordings.documents import SUMMARY, file_name, recording_document
from apps.pbx.recordings.models import Recording, RecordingState

Seconds = Annotated[int, Field(ge=1, le=LONGEST_SECONDS)]


class RecordingResource(AccountResource):
    """Recorded calls, newest first, of the last 31 days unless `created_from` and `created_to` (Gregorian seconds, at
    most 31 days apart) say otherwise.

    Asked for as `audio/mpeg` or `audio/wav` (the `Accept` header, or `?accept=`), a recording is its sound. People see
    their own recordings, administrators all. Who listened is in the audit trail.
    """

    path, model = "recordings", Recording
    parents = {"users": "owner_id"}
    access = Access(read=Role.USER, write=Role.ACCOUNT_ADMIN, own="owner_id")
    actions = Actions(delete=delete_recording)
    order = "-started"
    time_column = "started"
    ranges = {"created": "started"}
    summary = SUMMARY
    also_produces = ("audio/mpeg", "audio/wav", "audio/x-wav", "audio/mp3", "application/octet-stream")

    def rows(self, request: ApiRequest) -> QuerySet[Any]:
        return Recording.objects.exclude(state=RecordingState.RECORDING)

    def document(self, instance: Recording) -> dict[str, Any]:
        return recording_document(instance)

    def get(self, request: ApiRequest, instance: Recording) -> Any:
        """The document, or the sound where the client asks for sound."""
        if request.accept in self.also_produces:
            return _sound(request, instance)
        return Answer(self.document(instance), revision=self.revision(instance))

    @item_route("raw", produces="audio/mpeg")
    def raw(self, request: ApiRequest, instance: Recording) -> Download:
        """Download the sound. `?inline=true` plays it in the browser; byte ranges are honoured."""
        return _sound(request, instance)

    @item_route("link", example={"url": "https://pbx.example/files/eyJh.wav", "expires": 63964440900})
    def link(self, request: ApiRequest, instance: Recording) -> dict[str, Any]:
        """A link that plays the recording, without signing in, for `seconds` (900, at most a week).

        Who listens by it is in the audit trail under the name of whoever made it.
        """
        file = find_file(instance.file_id) if instance.file_id else None
        if file is None:
            raise NotFound("there is no sound yet")
        seconds = parse_value(Seconds, "seconds", request.query.get("seconds", USUAL_SECONDS))
        target = (TYPE, instance.id)
        url = link_to(file, request.principal, name=file_name(instance), seconds=seconds, target=target)
        return {"url": url, "expires": to_gregorian(now() + timedelta(seconds=seconds))}


def _sound(request: ApiRequest, recording: Recording) -> Download:
    file = find_file(recording.file_id) if recording.file_id else None
    if file is None:
        raise NotFound("there is no sound yet")
    try:
        opened = open_file(file)
    except NotStored:
        raise NotFound("the sound is not here yet") from None
    note_download(recording, request.principal)
    return Download(
        opened=opened,
        size=file.size,
        content_type=file.content_type,
        file_name=file_name(recording),
        revision=file.sha256,
        inline=request.flag("inline", False),
    )
