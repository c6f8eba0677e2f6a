"""Live calls: of the viewed account, and for resellers of every account below it."""

import json
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.foundation.accounts.models import Account
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.live import live_rows
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.navigation import link, portal_page
from apps.pbx.numbers.answering import home_region
from apps.switching.calls import tasks
from apps.switching.calls.models import LiveChannel

#: More legs than anybody reads at once; the newest are shown.
MOST_LEGS = 1000


def visible_channels(account: Account) -> QuerySet[LiveChannel]:
    """Legs of the account and, for a reseller, of every account below it."""
    below = Account.objects.present().subtree(account.id).values("id")
    found: QuerySet[LiveChannel] = LiveChannel.objects.filter(account_id__in=below)
    return found


def rows_context(account: Account, most: int | None = None) -> dict[str, Any]:
    """`calls` and `show_account` of `portal/live_calls_rows.html`."""
    channels = list(visible_channels(account)[:MOST_LEGS])
    wide = account.is_master or account.is_reseller
    ids = {channel.account_id for channel in channels}
    names = dict(Account.objects.filter(id__in=ids).values_list("id", "name")) if wide else {}
    return {"calls": live_rows(channels, names, region=home_region(account))[:most], "show_account": wide}


@require_safe
@for_administrators
def live_calls(request: WebRequest, account_id: str) -> HttpResponse:
    return portal_page(request, "live_calls", rows_context(request.viewed_account))


@require_safe
@for_administrators
def live_calls_rows(request: WebRequest, account_id: str) -> HttpResponse:
    """The rows alone, fetched on every change."""
    return portal_page(request, "live_calls_rows", rows_context(request.viewed_account))


@require_POST
@for_administrators
def call_hangup(request: WebRequest, account_id: str, call_id: str) -> HttpResponse:
    """Hang up a conversation by its caller's leg."""
    channel = visible_channels(request.viewed_account).filter(uuid=call_id).first()
    if channel is None:
        raise Http404
    tasks.hang_up.delay(channel.account_id, channel.uuid)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(link(request, "live_calls"))
    told = {"toast": {"level": "success", "text": _("The call is being hung up.")}}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(told)})
