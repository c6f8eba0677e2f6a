"""Recordings in the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Download
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, item_route
from apps.foundation.identity.principal import Role
from apps.foundation.storage.actions import open_file
from apps.foundation.storage.errors import NotStored
from apps.foundation.storage.queries import find_file
from apps.pbx.recordings.actions import delete_recording, note_download
from apps.pbx.recordings.documents import SUMMARY, file_name, recording_document
from apps.pbx.recordings.models import Recording, RecordingState


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
