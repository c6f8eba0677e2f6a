"""How many calls the account may have at once, and how many it has now."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.commerce.limits.actions import set_limits
from apps.commerce.limits.models import AccountLimits
from apps.commerce.limits.queries import usage
from apps.foundation.identity.principal import Role
from apps.foundation.identity.web import WebRequest
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.forms.limits import LimitsForm
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import REFUSED

#: The meter turns yellow at this part of a limit.
WARN_AT = 0.8


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def limits(request: WebRequest, account_id: str) -> HttpResponse:
    """The account reads; whoever administers an account above changes."""
    own = AccountLimits.objects.first()
    document = own.to_document() if own else {}
    above = request.principal.account_id != request.viewed_account.id
    may_change = above or request.principal.role is Role.OPERATOR
    form = LimitsForm(request.POST or None, document=document) if may_change else None
    if form is not None and form.is_bound and form.is_valid():
        with form.refusing():
            set_limits(own, form.merged(), request.principal)
            messages.success(request, _("Saved. It counts from the next call."))
            return redirect(link(request, "limits"))
    context = {"limits": _limits(document), "form": form}
    return portal_page(request, "limits", context, status=REFUSED if form is not None and form.errors else 200)


def _limits(document: dict[str, Any]) -> list[dict[str, Any]]:
    used = usage()
    outside = used.inbound + used.outbound
    return [
        _limit(_("Calls at once"), used.calls, document.get("calls")),
        _limit(_("Outside calls at once"), outside, document.get("resource_consuming_calls")),
        _limit(_("Inbound trunks"), used.inbound, document.get("inbound_trunks")),
        _limit(_("Outbound trunks"), used.outbound, document.get("outbound_trunks")),
    ]


def _limit(label: str, used: int, allowed: int | None) -> dict[str, Any]:
    return {"label": label, "used": used, "allowed": allowed, "warn_at": int(allowed * WARN_AT) if allowed else None}
