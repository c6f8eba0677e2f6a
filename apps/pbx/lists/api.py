"""Lists, blacklists and match lists in the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.foundation.crossbar import conditional, documents
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Binary, Listing
from apps.foundation.crossbar.errors import NotFound, PayloadTooLarge, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, item_route
from apps.foundation.identity.principal import Role
from apps.foundation.kit.ids import ID_PATTERN
from apps.foundation.white_label.errors import WhiteLabelError
from apps.foundation.white_label.images import MAXIMUM_BYTES, content_type, image_suffix
from apps.pbx.lists import actions
from apps.pbx.lists.documents import BlacklistDocument, ListDocument, ListEntryDocument, MatchListDocument
from apps.pbx.lists.models import Blacklist, List, ListEntry, ListEntryPhoto, MatchList
from apps.pbx.lists.vcard import vcard

ADMINISTRATORS = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
ENTRY = {
    "id": "0123456789abcdef0123456789abcdef",
    "list_id": "fedcba9876543210fedcba9876543210",
    "number": "+4930123456",
    "displayname": "Ada Baker",
    "profile": {},
}


class ListResource(AccountResource):
    """Phone books and lists of numbers that flows ask about. Entries are read and written below a list."""

    path, model, shape = "lists", List, ListDocument
    summary = ("id", "name", "description", "list_type")
    actions = Actions(create=actions.create_list, replace=actions.replace_list, delete=actions.delete_list)
    access = ADMINISTRATORS
    example = {"name": "Suppliers", "description": "Who may ring the warehouse", "org": "Baker and Sons"}

    @item_route("entries", example=[ENTRY])
    def entries(self, request: ApiRequest, instance: List) -> Listing:
        """The entries of a list."""
        rows = ListEntry.objects.filter(list_id=instance.id)
        return Listing(rows, _shown, _shown, order="created")

    @item_route("entries", methods=("PUT",), shape=ListEntryDocument, example=ENTRY)
    def add_entry(self, request: ApiRequest, instance: List) -> Answer:
        """Add an entry to a list."""
        entry = actions.create_entry(instance, documents.body_of(request), request.principal)
        place = f"{request.http.path.rstrip('/')}/{entry.id}"
        return Answer(entry.to_document(), status=201, revision=conditional.revision_of(entry), location=place)

    @item_route("entries", methods=("DELETE",), example={"deleted": 1})
    def clear(self, request: ApiRequest, instance: List) -> dict[str, Any]:
        """Delete every entry of a list."""
        return {"deleted": actions.clear_list(instance, request.principal)}

    @item_route("entries/{entry_id}", example=ENTRY)
    def entry(self, request: ApiRequest, instance: List) -> Answer:
        """One entry of a list."""
        found = _entry(request, instance)
        return Answer(found.to_document(), revision=conditional.revision_of(found))

    @item_route("entries/{entry_id}", methods=("POST",), shape=ListEntryDocument, example=ENTRY)
    def replace_entry(self, request: ApiRequest, instance: List) -> Answer:
        """Replace an entry."""
        return _stored(request, _entry(request, instance), documents.body_of(request))

    @item_route("entries/{entry_id}", methods=("PATCH",), example=ENTRY)
    def patch_entry(self, request: ApiRequest, instance: List) -> Answer:
        """Merge `data` into an entry; a null removes a key."""
        found = _entry(request, instance)
        return _stored(request, found, documents.merge(found.to_document(), documents.body_of(request)))

    @item_route("entries/{entry_id}", methods=("DELETE",), example=ENTRY)
    def delete_entry(self, request: ApiRequest, instance: List) -> Answer:
        """Delete an entry."""
        found = _entry(request, instance)
        document = found.to_document() | {"_read_only": {"deleted": True}}
        actions.delete_entry(found, request.principal, hard=not request.flag("should_soft_delete", True))
        return Answer(document, revision=conditional.revision_of(found))

    @item_route("entries/{entry_id}/vcard", produces="text/x-vcard")
    def vcard(self, request: ApiRequest, instance: List) -> Binary:
        """An entry as a vCard 3.0 (RFC 2426), with its picture."""
        found = _entry(request, instance)
        photo = ListEntryPhoto.objects.filter(entry_id=found.id).first()
        content = vcard(
            found.document,
            organization=str(instance.document.get("org") or ""),
            numbers=[("work", found.number or "")],
            photo=(bytes(photo.content), photo.content_type) if photo is not None else None,
        )
        return Binary(content, "text/x-vcard; charset=utf-8", f"{found.id}.vcf")

    @item_route("entries/{entry_id}/photo", produces="image/png")
    def photo(self, request: ApiRequest, instance: List) -> Binary:
        """Download the picture of an entry."""
        found = ListEntryPhoto.objects.filter(entry_id=_entry(request, instance).id).first()
        if found is None:
            raise NotFound("photo")
        return Binary(bytes(found.content), found.content_type)

    @item_route("entries/{entry_id}/photo", methods=("POST",), raw=True, example=ENTRY)
    def upload_photo(self, request: ApiRequest, instance: List) -> Answer:
        """Upload the picture of an entry: PNG, JPEG, GIF or WebP of at most 1 MB."""
        found = _entry(request, instance)
        content = request.files[0].read() if request.files else request.body
        if len(content) > MAXIMUM_BYTES:
            raise PayloadTooLarge(MAXIMUM_BYTES)
        try:
            media_type = content_type(f"photo.{image_suffix('photo', content)}")
        except WhiteLabelError:
            message = _("Not a picture: PNG, JPEG, GIF or WebP")
            raise ValidationFailed.of("photo", "format", message) from None
        return Answer(actions.store_photo(found, content, media_type, request.principal).to_document())


class BlacklistResource(AccountResource):
    """Callers who are turned away, by number or because they hide it.

    A blacklist counts where the account, a user or a device names it in `blacklists`. The account's are asked before
    any callflow: a listed number is declined (603), a hidden one refused with 433 (RFC 5079). A user's or device's
    keep his phones from ringing.
    """

    path, model, shape = "blacklists", Blacklist, BlacklistDocument
    summary = ("id", "name", "flags")
    actions = Actions(
        create=actions.create_blacklist, replace=actions.replace_blacklist, delete=actions.delete_blacklist
    )
    access = ADMINISTRATORS
    example = {"name": "Nuisance", "numbers": {"+15551239999": {}}, "should_block_anonymous": False}


class MatchListResource(AccountResource):
    """Callers described by rules, for forwarding some calls and not others."""

    path, model, shape = "match_lists", MatchList, MatchListDocument
    summary = ("id", "name", "flags")
    actions = Actions(
        create=actions.create_match_list, replace=actions.replace_match_list, delete=actions.delete_match_list
    )
    access = ADMINISTRATORS
    example = {"name": "Family", "rules": [{"type": "number", "numbers": ["+15551230042"]}]}


def _shown(entry: ListEntry) -> Mapping[str, Any]:
    return entry.to_document()


def _entry(request: ApiRequest, instance: List) -> ListEntry:
    identifier = request.arguments["entry_id"]
    rows = ListEntry.objects.filter(list_id=instance.id, id=identifier)
    if request.verb not in ("GET", "HEAD"):
        rows = rows.select_for_update(of=("self",))
    found: ListEntry | None = rows.first() if ID_PATTERN.fullmatch(identifier) else None
    if found is None:
        raise NotFound(identifier)
    return found


def _stored(request: ApiRequest, entry: ListEntry, document: dict[str, Any]) -> Answer:
    replaced = actions.replace_entry(entry, documents.without_read_only(document), request.principal)
    return Answer(replaced.to_document(), revision=conditional.revision_of(replaced))
