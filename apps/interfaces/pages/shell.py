"""The frame of every signed-in page: whose account, who is reading, the brand, languages and the live connection."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language_info

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import parents
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.brand import brand_of
from apps.switching.switches.models import NodeState, SwitchNode

ROLE_NAMES = {
    Role.OPERATOR: "operator",
    Role.RESELLER_ADMIN: "reseller",
    Role.ACCOUNT_ADMIN: "admin",
    Role.USER: "user",
}


class Item(TypedDict):
    """One line of the navigation; `icon` is an id of `static/portal/icons.svg`."""

    label: str
    url: str
    icon: str
    active: bool
    count: int | None


class Section(TypedDict):
    label: str
    items: list[Item]


def languages() -> list[dict[str, str]]:
    """The languages on offer, each named in itself."""
    return [
        {"code": code, "name": get_language_info(code)["name_local"].capitalize()} for code, _name in settings.LANGUAGES
    ]


def account_role(account: Account) -> str:
    if account.is_master:
        return "operator"
    return "reseller" if account.is_reseller else "customer"


def account_facts(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "realm": account.realm,
        "is_reseller": account.is_reseller,
        "role": account_role(account),
    }


def display_name(request: WebRequest) -> str:
    return str(getattr(request.login, "full_name", "") or request.login.username or request.login_account.name)


def gate_context(request: HttpRequest) -> dict[str, Any]:
    """What the pages before signing in need."""
    return {"brand": brand_of(request), "languages": languages()}


def shell_context(request: WebRequest, navigation: Sequence[Section]) -> dict[str, Any]:
    account, own = request.viewed_account, request.login_account
    return {
        "viewed_account": account_facts(account),
        "login_account": account_facts(own),
        "account_path": account_path(own, account) if account.id != own.id else [],
        "principal": principal_facts(request.principal, request),
        "brand": brand_of(request),
        "languages": languages(),
        "navigation": navigation,
        "live_url": f"/ws/portal?account_id={account.id}",
        "time_zone": time_zone(request),
        "lab_switch": lab_switch(),
        "acting_from": acting_from(request.principal),
    }


def draw(
    request: WebRequest,
    template: str,
    navigation: Sequence[Section],
    context: Mapping[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """Draw a page now, inside the scope its view runs in."""
    return render(request, template, {**shell_context(request, navigation), **context}, status=status)


def principal_facts(principal: Principal, request: WebRequest) -> dict[str, Any]:
    return {
        "display_name": display_name(request),
        "email": request.login.email or "",
        "role": ROLE_NAMES[principal.role],
    }


def acting_from(principal: Principal) -> str:
    """The account of whoever acts as the person who seems to be signed in; empty where it is the person himself."""
    if principal.impersonator_account_id is None:
        return ""
    return Account.objects.filter(id=principal.impersonator_account_id).values_list("name", flat=True).first() or "…"


def account_path(own: Account, account: Account) -> list[dict[str, Any]]:
    """From the reader's own account down to the viewed one."""
    visible = [above for above in parents(account) if above.is_within(own.id)]
    return [
        {"name": step.name, "url": reverse("portal:home", args=[step.id]), "current": step.id == account.id}
        for step in (*visible, account)
    ]


def time_zone(request: WebRequest) -> str:
    """The person's own, else the account's; UTC, the default nobody chose, leaves it to the browser."""
    own = getattr(request.login, "timezone", None) or request.viewed_account.timezone
    return "" if own in ("UTC", "Etc/UTC") else str(own)


def lab_switch() -> bool:
    """Whether calls run on the software model of a switch."""
    return SwitchNode.objects.filter(is_lab=True, state=NodeState.UP).exists()
