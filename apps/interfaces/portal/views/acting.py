"""Acting as somebody else, for support: a reseller's or the operator's administrator sees what a customer's people see.

Whoever acts is named in the audit trail beside everything that is done, and in a banner on every page.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.foundation.identity.errors import AccountDisabled, NotAllowed, UserDisabled
from apps.foundation.identity.web import WebRequest, log_in_as
from apps.foundation.identity.web import stop_acting as stop
from apps.interfaces.portal.access import for_resellers
from apps.interfaces.portal.navigation import link
from apps.interfaces.portal.views.editing import find
from apps.pbx.users.models import User


@require_POST
@for_resellers
def act_as(request: WebRequest, account_id: str, person_id: str) -> HttpResponse:
    """403 for who may not: one's own account's people, and anybody while acting already."""
    user = find(User, person_id)
    try:
        log_in_as(request, request.principal, request.viewed_account, user)
    except NotAllowed:
        raise PermissionDenied from None
    except (AccountDisabled, UserDisabled):
        messages.error(request, _("Nobody can act as a person who may not sign in."))
        return redirect(link(request, "person", user.id))
    return redirect("portal:root")


@require_POST
def stop_acting(request: HttpRequest) -> HttpResponse:
    """Back to one's own pages."""
    try:
        stop(request)
    except NotAllowed:
        return redirect("portal:login")
    return redirect("portal:root")
