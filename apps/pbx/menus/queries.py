"""Reads about menus."""

from __future__ import annotations

from apps.pbx.menus.documents import MenuSettings
from apps.pbx.menus.models import Menu


def settings_of(menu_id: str) -> MenuSettings | None:
    """How a menu of the scope's account behaves, None where there is none. Raises pydantic's ValidationError."""
    found = Menu.objects.filter(id=menu_id).values_list("document", flat=True).first()
    return MenuSettings.model_validate(found) if found is not None else None
