"""Every write of a menu, also those by phone."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.foundation.storage.models import FileKind
from apps.pbx.media.actions import create_media
from apps.pbx.media.models import Media
from apps.pbx.menus.documents import MenuDocument
from apps.pbx.menus.models import Menu
from apps.switching.calls.files import keep_recorded


class MenuGone(LookupError):
    """The menu was deleted while somebody recorded its greeting."""


@transaction.atomic
def create_menu(document: dict[str, Any], principal: Principal) -> Menu:
    return create_document(Menu, _checked(document), principal)


@transaction.atomic
def replace_menu(menu: Menu, document: dict[str, Any], principal: Principal) -> Menu:
    return replace_document(menu, _checked(document), principal)


@transaction.atomic
def delete_menu(menu: Menu, principal: Principal, *, hard: bool = False) -> Menu:
    """A callflow that plays it goes on at `_`."""
    return delete_document(menu, principal, hard=hard)


@transaction.atomic
def keep_greeting(menu_id: str, path: str, *, switch: str, milliseconds: int, principal: Principal) -> Media:
    """Make what was recorded on a switch (`path` is absolute there) a medium, and it the menu's greeting.

    Raises MenuGone.
    """
    menu = Menu.objects.select_for_update().filter(id=menu_id).first()
    if menu is None:
        raise MenuGone(menu_id)
    name = _("Greeting of %(menu)s") % {"menu": menu.name}
    source = {"media_source": "recording", "source_type": "menu", "source_id": menu.id}
    media = create_media({"name": name[:128], **source}, principal)
    file = keep_recorded(FileKind.GREETING, path, switch=switch, name=media.name)
    media.original_id = media.narrow_id = media.wide_id = file.id
    media.content_type, media.milliseconds = file.content_type, milliseconds
    media.save(update_fields=["original_id", "narrow_id", "wide_id", "content_type", "milliseconds"])
    document = menu.to_document()
    replace_menu(menu, document | {"media": {**(document.get("media") or {}), "greeting": media.id}}, principal)
    return media


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    """A PIN nobody could key in would be a trap."""
    document = validated(MenuDocument, document)
    if document.get("record_pin") and len(document["record_pin"]) > document["max_extension_length"]:
        message = _("Callers can key in %(most)d digits at most: raise max_extension_length")
        raise ValidationFailed.of("record_pin", "maxLength", message % {"most": document["max_extension_length"]})
    return document
