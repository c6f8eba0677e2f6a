"""Customers: the accounts below the viewed one."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.foundation.accounts.actions import (
    create_account,
    delete_account,
    demote_reseller,
    disable_account,
    enable_account,
    promote_to_reseller,
    replace_account,
)
from apps.foundation.accounts.documents import to_document
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import children
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages import calls
from apps.interfaces.pages.counts import Counts, counts_of, people_in
from apps.interfaces.pages.paging import page_of
from apps.interfaces.pages.shell import account_role
from apps.interfaces.portal.access import for_resellers
from apps.interfaces.portal.forms.customers import CustomerForm
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import delete_page, edit_page
from apps.pbx.feature_codes.actions import install_feature_codes
from apps.pbx.users.actions import create_user
from apps.pbx.users.models import User


@require_safe
@for_resellers
def customers(request: WebRequest, account_id: str) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    found = children(request.viewed_account).select_related("tenant")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(realm__icontains=text) | Q(id=text))
    page = page_of(found, request.GET, {"name": "name", "created": "created"}, "name")
    counts, people = counts_of([account.id for account in page.rows]), people_in(page.rows)
    rows = [_row(account, counts, people) for account in page.rows]
    return portal_page(request, "customers", {**page.context(), "rows": rows, "filtered": bool(text)})


@require_safe
@for_resellers
def customer(request: WebRequest, account_id: str, customer_id: str) -> HttpResponse:
    found = _find(request, customer_id)
    counts = counts_of([found.id])
    with account_scope(found):
        administrators = list(User.objects.filter(priv_level="admin").order_by("first_name")[:20])
        today = calls.leading(calls.today(calls.zone_of(found))).count()
    context = {
        "customer": _row(found, counts, {}) | {
            "time_zone": found.timezone,
            "language": found.language,
            "parent_name": found.parent.name if found.parent else "",
        },
        "counts": {
            "people": people_in([found]).get(found.id, 0),
            "phones": counts.of("phones", found.id),
            "phones_registered": counts.of("phones_registered", found.id),
            "numbers": counts.of("numbers", found.id),
            "live_calls": counts.of("live_calls", found.id),
            "calls_today": today,
        },
        "administrators": [
            {"name": user.full_name, "email": user.email or "", "username": user.username or ""}
            for user in administrators
        ],
        "can_delete": True,
    }  # fmt: skip
    return portal_page(request, "customer", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_resellers
def customer_create(request: WebRequest, account_id: str) -> HttpResponse:
    parent = request.viewed_account
    form = CustomerForm(request.POST or None, new=True, may_promote=_may_promote(request))

    def save(document: dict[str, Any]) -> Account:
        with transaction.atomic():
            account = create_account(parent, document, request.principal)
            with account_scope(account.id):
                install_feature_codes(request.principal)
            if form.cleaned_data.get("is_reseller"):
                promote_to_reseller(account, request.principal)
            administrator = form.administrator()
            if administrator is not None:
                with account_scope(account.id):
                    create_user(administrator, request.principal)
        return account

    return edit_page(
        request,
        "customer_form",
        form,
        save=save,
        done=lambda account: link(request, "customer", account.id),
        cancel_url=link(request, "customers"),
        told=_("The customer was added."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_resellers
def customer_edit(request: WebRequest, account_id: str, customer_id: str) -> HttpResponse:
    found = _find(request, customer_id)
    form = CustomerForm(
        request.POST or None,
        new=False,
        may_promote=_may_promote(request),
        document=to_document(found),
        initial={"is_reseller": found.is_reseller},
    )

    def save(document: dict[str, Any]) -> Account:
        with transaction.atomic():
            replace_account(found, document | {"enabled": found.enabled}, request.principal)
            _switch(request, found, form.cleaned_data)
        return found

    url = link(request, "customer", found.id)
    return edit_page(
        request,
        "customer_form",
        form,
        save=save,
        done=lambda _account: url,
        cancel_url=url,
        context={"customer": {"name": found.name}},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_resellers
def customer_delete(request: WebRequest, account_id: str, customer_id: str) -> HttpResponse:
    found = _find(request, customer_id)
    return delete_page(
        request,
        found.name,
        delete=lambda: delete_account(found, request.principal),
        done_url=link(request, "customers"),
        cancel_url=link(request, "customer", found.id),
        consequences=[_("Its people, phones, numbers and flows go with it. Live calls end.")],
    )


def _switch(request: WebRequest, account: Account, entered: Mapping[str, Any]) -> None:
    """What is an action of its own: enabled or not, reseller or not."""
    if entered["enabled"] != account.enabled:
        (enable_account if entered["enabled"] else disable_account)(account, request.principal)
        if not account.enabled:
            messages.warning(request, _("The account is disabled: its logins and calls have stopped."))
    if "is_reseller" in entered and entered["is_reseller"] != account.is_reseller:
        (promote_to_reseller if entered["is_reseller"] else demote_reseller)(account, request.principal)


def _find(request: WebRequest, customer_id: str) -> Account:
    """A customer at any depth below the viewed account. Raises Http404."""
    below = Account.objects.present().below(request.viewed_account.id).select_related("tenant", "parent")
    found = below.filter(id=customer_id).first()
    if found is None:
        raise Http404
    return found


def _may_promote(request: WebRequest) -> bool:
    account = request.viewed_account
    return account.is_master or account.is_reseller


def _row(account: Account, counts: Counts, people: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "realm": account.realm,
        "role": account_role(account),
        "enabled": account.enabled,
        "people": people.get(account.id, 0),
        "phones": counts.of("phones", account.id),
        "phones_registered": counts.of("phones_registered", account.id),
        "live_calls": counts.of("live_calls", account.id),
        "created_at": account.created,
    }
