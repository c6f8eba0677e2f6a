"""Menus in the API."""

from __future__ import annotations

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.resource import AccountResource, Actions
from apps.foundation.identity.principal import Role
from apps.pbx.menus.actions import create_menu, delete_menu, replace_menu
from apps.pbx.menus.documents import MenuDocument
from apps.pbx.menus.models import Menu


class MenuResource(AccountResource):
    """Menus a caller walks through by pressing keys. A callflow's `menu` names one and says what follows each key."""

    path, model, shape = "menus", Menu, MenuDocument
    summary = ("id", "name", "flags")
    actions = Actions(create=create_menu, replace=replace_menu, delete=delete_menu)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    example = {"name": "Main menu", "retries": 3, "timeout": 10000, "max_extension_length": 4}
