"""Storage documents, plans, moves and errors in the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.foundation.crossbar import conditional, documents
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Download, Listing
from apps.foundation.crossbar.errors import NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, SingletonResource, item_route, route
from apps.foundation.crossbar.validation import validated
from apps.foundation.identity.principal import Role
from apps.foundation.kit.ids import ID_PATTERN
from apps.foundation.storage import moving, personal, testing
from apps.foundation.storage.actions import note_download, open_file, retry_copy
from apps.foundation.storage.documents import (
    MoveDocument,
    PersonDocument,
    error_document,
    export_document,
    file_document,
)
from apps.foundation.storage.errors import NotStored
from apps.foundation.storage.models import AttachmentError, FileKind, StorageMove, StoredFile
from apps.foundation.storage_plans import actions
from apps.foundation.storage_plans.documents import StorageDocument, StoragePlanDocument
from apps.foundation.storage_plans.models import StoragePlan, StorageSettings
from apps.foundation.storage_plans.queries import is_known_handler

ADMINISTRATORS = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
_KEY = "0123456789abcdef0123456789abcdef"
_MAP = {"modb": {"types": {"call_recording": {"attachments": {"handler": _KEY}}}}}
_EXAMPLE = {"attachments": {_KEY: {"handler": "local", "name": "Archive", "settings": {}}}, "plan": _MAP}
_PLAN = {"name": "Archive", **_EXAMPLE}
_TESTED = {
    "handlers": {_KEY: {"name": "Archive", "handler": "local", "inherited": False, "ok": True}},
    "kinds": {"recording": [{"name": "Archive", "handler": "local", "inherited": False, "ok": True}], "fax": []},
}
_EXPORT = {"id": _KEY, "user_id": _KEY, "state": "stored", "size": 734003, "created": 63964440000}
_MOVE = {
    "id": _KEY,
    "kinds": ["recording"],
    "state": "running",
    "created": 63964440000,
    "total": 1200,
    "failed": 0,
    "moved": 300,
    "percent": 25,
}


class StorageResource(SingletonResource):
    """Where an account's files are kept: recordings, voicemail messages, faxes, media, greetings, call records.

    `attachments` are storages by keys of your own, `plan` says which kind of file goes to which. What an account does
    not say is said by the account above it, up to the installation. Every storage is tried out (written, read, deleted)
    before it is saved, unless `validate_settings=false`. Secrets are encrypted and never shown: `********` sent back
    leaves one as it is.
    """

    path, model, shape = "storage", StorageSettings, StorageDocument
    actions = Actions(create=actions.create_storage, replace=actions.replace_storage, delete=actions.delete_storage)
    access = ADMINISTRATORS
    example = _EXAMPLE
    prices = {"PUT": 10, "POST": 10, "PATCH": 10}

    def find(self, request: ApiRequest) -> StorageSettings:
        rows = StorageSettings.objects.filter(id=request.account.id)
        found: StorageSettings | None = (rows if request.verb == "GET" else rows.select_for_update()).first()
        if found is None:
            raise NotFound(request.account.id)
        return found

    def create(self, request: ApiRequest) -> Answer:
        """Create the account's storage document from `data`."""
        given = documents.body_of(request)
        made = actions.create_storage(given, request.principal, try_out=_try_out(request))
        return Answer(made.to_document(), status=201, revision=self.revision(made), location=request.http.path)

    def store(self, request: ApiRequest, instance: StorageSettings, document: dict[str, Any]) -> Answer:
        given = documents.without_read_only(document)
        stored = actions.replace_storage(instance, given, request.principal, try_out=_try_out(request))
        return Answer(stored.to_document(), revision=self.revision(stored))

    @route("test", methods=("POST",), price=10, example=_TESTED)
    def test(self, request: ApiRequest) -> dict[str, Any]:
        """Try out the account's storages.

        Each one of the account's own, and the one that each kind of file goes to, inherited ones too: a small file is
        written, read and deleted. `step` and `message` say what failed.
        """
        return {"handlers": testing.test_source(request.account.id), "kinds": testing.test_kinds()}

    @route("plans", example=[{"id": _KEY, "name": "Archive"}])
    def plans(self, request: ApiRequest) -> Listing:
        """The account's storage plans."""
        return Listing(StoragePlan.objects.all(), _summary, StoragePlan.to_document, order="name")

    @route("plans", methods=("PUT",), shape=StoragePlanDocument, price=10, example=_PLAN)
    def create_plan(self, request: ApiRequest) -> Answer:
        """Create a storage plan, for this account and those below it."""
        given = documents.body_of(request)
        plan = actions.create_plan(given, request.principal, try_out=_try_out(request))
        place = f"{request.http.path.rstrip('/')}/{plan.id}"
        return Answer(plan.to_document(), status=201, revision=conditional.revision_of(plan), location=place)

    @route("plans/{plan_id}", example=_PLAN)
    def plan(self, request: ApiRequest) -> Answer:
        """One storage plan."""
        plan = _plan(request)
        return Answer(plan.to_document(), revision=conditional.revision_of(plan))

    @route("plans/{plan_id}", methods=("POST",), shape=StoragePlanDocument, price=10, example=_PLAN)
    def replace_plan(self, request: ApiRequest) -> Answer:
        """Replace a storage plan."""
        return _stored(request, _plan(request), documents.body_of(request))

    @route("plans/{plan_id}", methods=("PATCH",), price=10, example=_PLAN)
    def patch_plan(self, request: ApiRequest) -> Answer:
        """Merge `data` into a storage plan; a null removes a key."""
        plan = _plan(request)
        return _stored(request, plan, documents.merge(plan.to_document(), documents.body_of(request)))

    @route("plans/{plan_id}", methods=("DELETE",), example=_PLAN)
    def delete_plan(self, request: ApiRequest) -> Answer:
        """Delete a storage plan that nobody uses."""
        plan = _plan(request)
        document = plan.to_document() | {"_read_only": {"deleted": True}}
        actions.delete_plan(plan, request.principal, hard=not request.flag("should_soft_delete", True))
        return Answer(document, revision=conditional.revision_of(plan))

    @route("plans/{plan_id}/test", methods=("POST",), price=10, example={"handlers": _TESTED["handlers"]})
    def test_plan(self, request: ApiRequest) -> dict[str, Any]:
        """Try out the storages of a plan."""
        return {"handlers": testing.test_source(_plan(request).id)}

    @route("held", example=[{"id": _KEY, "kind": "recording", "name": "Call.wav", "size": 320044}])
    def held(self, request: ApiRequest) -> Listing:
        """Files that were deleted, and are kept by a legal hold."""
        rows = StoredFile.across_accounts.filter(account_id=request.account.id).exclude(deleted=None)
        return Listing(rows, file_document, file_document, order="-deleted")

    @route("moves", example=[_MOVE])
    def moves(self, request: ApiRequest) -> Listing:
        """Moves of files from storage to storage, the newest first."""
        return Listing(StorageMove.objects.all(), moving.progress, moving.progress, order="-created")

    @route("moves", methods=("PUT",), shape=MoveDocument, example=_MOVE)
    def start_move(self, request: ApiRequest) -> Answer:
        """Bring the files that were kept before to where the plan wants them now."""
        wanted = validated(MoveDocument, documents.body_of(request))
        move = moving.start_move(wanted["kinds"], request.principal)
        place = f"{request.http.path.rstrip('/')}/{move.id}"
        return Answer(moving.progress(move), status=201, location=place)

    @route("moves/{move_id}", example=_MOVE)
    def move(self, request: ApiRequest) -> dict[str, Any]:
        """How far a move is."""
        return moving.progress(_move(request))

    @route("moves/{move_id}", methods=("DELETE",), example=_MOVE)
    def stop_move(self, request: ApiRequest) -> dict[str, Any]:
        """Stop a move: what was not moved yet stays where it is."""
        return moving.progress(moving.stop_move(_move(request), request.principal))

    @route("exports", example=[_EXPORT])
    def exports(self, request: ApiRequest) -> Listing:
        """Exports of people's data, the newest first."""
        return Listing(_exports(), export_document, export_document, order="-created")

    @route("exports", methods=("PUT",), shape=PersonDocument, example=_EXPORT)
    def export(self, request: ApiRequest) -> Answer:
        """Export all that is kept of a user: documents, call records, recordings, messages, in one zip."""
        file = personal.start_export(_person(request), request.principal)
        place = f"{request.http.path.rstrip('/')}/{file.id}"
        return Answer(export_document(file), status=201, location=place)

    @route("exports/{export_id}", example=_EXPORT)
    def exported(self, request: ApiRequest) -> dict[str, Any]:
        """Whether an export is made."""
        return export_document(_export(request))

    @route("exports/{export_id}/file", produces="application/zip")
    def exported_file(self, request: ApiRequest) -> Download:
        """Download an export. It can be fetched for a week; byte ranges are honoured."""
        file = _export(request)
        try:
            opened = open_file(file)
        except NotStored:
            raise NotFound("the export is not made yet") from None
        note_download(request.principal, "person_export", file.id)
        return Download(opened, file.size, file.content_type, f"{file.name}.zip", file.sha256)

    @route("erasures", methods=("PUT",), shape=PersonDocument, example={"user_id": _KEY})
    def erase(self, request: ApiRequest) -> Answer:
        """Remove a user's recordings, messages and exports for good.

        Call records stay: bills are made of them. The audit trail says when it was done, and how many there were.
        """
        user_id = _person(request)
        personal.start_erasure(user_id, request.principal)
        return Answer({"user_id": user_id}, status=202)


class AttachmentErrorResource(AccountResource):
    """Files that a storage would not take.

    They stay in this installation (or at the plan's second choice) and are tried again until they are taken; `resolved`
    says since when they are."""

    path, model = "att_handlers_errors", AttachmentError
    access = ADMINISTRATORS
    order = "-created"

    def document(self, instance: AttachmentError) -> dict[str, Any]:
        return error_document(instance)

    def summarize(self, instance: AttachmentError) -> Mapping[str, Any]:
        """As in KAZOO, with the handler and how often it was tried."""
        names = ("id", "attachment_name", "resp_code", "reason", "handler_id", "attempts", "resolved", "created")
        document = error_document(instance)
        return {name: document[name] for name in names if name in document}

    @route("handler/{handler_id}", example=[{"id": f"202601-{_KEY}", "attachment_name": "a.wav", "reason": "Denied"}])
    def of_handler(self, request: ApiRequest) -> Listing:
        """The errors of one handler."""
        key = request.arguments["handler_id"]
        rows: QuerySet[AttachmentError] = self.rows(request).filter(handler_key=key)
        if not rows.exists() and not is_known_handler(key):
            raise NotFound(key)
        return self.listing_of(rows)

    @item_route("retry", methods=("POST",), example={"id": f"202601-{_KEY}", "attachment_name": "a.wav"})
    def retry(self, request: ApiRequest, instance: AttachmentError) -> dict[str, Any]:
        """Try to keep the file now, without waiting for the next try."""
        retry_copy(instance.file_id, request.principal)
        return error_document(instance)


def _try_out(request: ApiRequest) -> bool:
    return str(request.query.get("validate_settings", "true")).lower() not in ("false", "0", "no")


def _summary(plan: StoragePlan) -> Mapping[str, Any]:
    return {"id": plan.id, "name": plan.name}


def _plan(request: ApiRequest) -> StoragePlan:
    identifier = request.arguments["plan_id"]
    rows = StoragePlan.objects.filter(id=identifier)
    found: StoragePlan | None = None
    if ID_PATTERN.fullmatch(identifier):
        found = (rows if request.verb == "GET" else rows.select_for_update()).first()
    if found is None:
        raise NotFound(identifier)
    return found


def _stored(request: ApiRequest, plan: StoragePlan, document: dict[str, Any]) -> Answer:
    given = documents.without_read_only(document)
    stored = actions.replace_plan(plan, given, request.principal, try_out=_try_out(request))
    return Answer(stored.to_document(), revision=conditional.revision_of(stored))


def _move(request: ApiRequest) -> StorageMove:
    identifier = request.arguments["move_id"]
    found = StorageMove.objects.filter(id=identifier).first() if ID_PATTERN.fullmatch(identifier) else None
    if found is None:
        raise NotFound(identifier)
    move: StorageMove = found
    return move


def _person(request: ApiRequest) -> str:
    user_id: str = validated(PersonDocument, documents.body_of(request))["user_id"]
    if not personal.is_known(user_id):
        raise ValidationFailed.of("user_id", "not_found", _("There is no such user"), cause=user_id)
    return user_id


def _exports() -> QuerySet[StoredFile]:
    found: QuerySet[StoredFile] = StoredFile.objects.filter(kind=FileKind.EXPORT)
    return found


def _export(request: ApiRequest) -> StoredFile:
    identifier = request.arguments["export_id"]
    found = _exports().filter(id=identifier).first() if ID_PATTERN.fullmatch(identifier) else None
    if found is None:
        raise NotFound(identifier)
    return found
