"""What stands at the left of every page of the portal, and how a page of it is drawn."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.foundation.identity.principal import Role
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.shell import Item, Section, draw

#: Heading, then (address name, label, icon, names that begin so belong to it). Resellers' pages are marked.
_Line = tuple[str, str | Promise, str, tuple[str, ...]]
_MENU: tuple[tuple[str | Promise, tuple[_Line, ...]], ...] = (
    ("", (("home", _("Home"), "home", ("home",)),)),
    (_("Business"), (("customers", _("Customers"), "customers", ("customer",)),)),
    (
        _("People"),
        (
            ("people", _("People"), "people", ("people", "person")),
            ("devices", _("Phones"), "device", ("device",)),
            ("ring_groups", _("Ring groups"), "group", ("ring_group",)),
        ),
    ),
    (
        _("Call handling"),
        (
            ("numbers", _("Numbers"), "numbers", ("number",)),
            ("flows", _("Call flows"), "flow", ("flow",)),
        ),
    ),
    (
        _("Calls"),
        (
            ("live_calls", _("Live calls"), "live", ("live_calls",)),
            ("call_history", _("Call history"), "history", ("call_history", "call")),
        ),
    ),
    (
        _("Settings"),
        (
            ("carriers", _("Carriers"), "carrier", ("carrier",)),
            ("limits", _("Limits"), "limit", ("limits",)),
            ("branding", _("Branding"), "brush", ("branding",)),
            ("audit", _("Audit trail"), "eye", ("audit",)),
            ("api_key", _("API key"), "key", ("api_key",)),
        ),
    ),
)
#: Pages an account has only where it may have accounts below it and the reader is at least a reseller's administrator.
RESELLERS_ONLY = ("customers", "branding")


def portal_page(
    request: WebRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Draw `portal/<template>.html` in the shell."""
    return draw(request, f"portal/{template}.html", _navigation(request), context or {}, status=status)


def link(request: WebRequest, name: str, *arguments: str) -> str:
    """An address of the viewed account."""
    return reverse(f"portal:{name}", args=[request.viewed_account.id, *arguments])


def _navigation(request: WebRequest) -> list[Section]:
    match = request.resolver_match
    here = match.url_name or "" if match else ""
    account = request.viewed_account
    reseller = (account.is_master or account.is_reseller) and request.principal.role >= Role.RESELLER_ADMIN
    sections: list[Section] = []
    for heading, lines in _MENU:
        items = [_item(request, line, here) for line in lines if reseller or line[0] not in RESELLERS_ONLY]
        if items:
            sections.append({"label": str(heading), "items": items})
    return sections


def _item(request: WebRequest, line: _Line, here: str) -> Item:
    name, label, icon, prefixes = line
    active = here == name or here.removesuffix("s") in prefixes
    active = active or any(here.startswith(f"{prefix}_") for prefix in prefixes if prefix not in ("call", "live_calls"))
    return {"label": str(label), "url": link(request, name), "icon": icon, "active": active, "count": None}
