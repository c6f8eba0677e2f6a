"""How many calls the account may have at once, and how many it has now."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.commerce.limits.actions import replace_limits
from apps.commerce.limits.models import AccountLimits
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.live import conversations
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.forms.limits import LimitsForm
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import REFUSED
from apps.switching.calls.models import LiveChannel

#: The meter turns yellow at this part of a limit.
WARN_AT = 0.8


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def limits(request: WebRequest, account_id: str) -> HttpResponse:
    """Only an account above may change them; the account itself reads."""
    own = AccountLimits.objects.first()
    document = own.to_document() if own else {}
    may_change = request.principal.account_id in request.viewed_account.ancestors or request.viewed_account.is_master
    form = LimitsForm(request.POST or None, document=document) if may_change else None
    if form is not None and form.is_bound and form.is_valid():
        with form.refusing():
            replace_limits(form.merged(), request.principal)
            messages.success(request, _("Saved. It counts from the next call."))
            return redirect(link(request, "limits"))
    context = {"limits": _limits(request, document), "form": form}
    return portal_page(request, "limits", context, status=REFUSED if form is not None and form.errors else 200)


def _limits(request: WebRequest, document: dict[str, Any]) -> list[dict[str, Any]]:
    calls = conversations(LiveChannel.objects.filter(account_id=request.viewed_account.id))
    outside = [legs for legs in calls if any(_is_outside(leg) for leg in legs)]
    return [
        _limit(_("Calls at once"), len(calls), document.get("calls")),
        _limit(_("Outside calls at once"), len(outside), document.get("resource_consuming_calls")),
    ]


def _is_outside(leg: LiveChannel) -> bool:
    return leg.call_kind == "inbound" or leg.authorizing_type == "resource"


def _limit(label: str, used: int, allowed: int | None) -> dict[str, Any]:
    return {"label": label, "used": used, "allowed": allowed, "warn_at": int(allowed * WARN_AT) if allowed else None}
