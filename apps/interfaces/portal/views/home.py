"""The front page of an account: what is going on, and what to do next."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import children
from apps.foundation.identity.web import WebRequest
from apps.foundation.kit.clock import now
from apps.interfaces.pages import calls
from apps.interfaces.pages.branches import is_wide, together
from apps.interfaces.pages.counts import counts_of, people_in
from apps.interfaces.portal.access import front_page
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.live_calls import rows_context
from apps.pbx.callflows.models import Callflow
from apps.pbx.devices.models import Device
from apps.pbx.users.models import User
from apps.switching.registrar.models import Registration

SHOWN = 6


@require_safe
@front_page
def home(request: WebRequest, account_id: str) -> HttpResponse:
    account = request.viewed_account
    zone = calls.zone_of(account)
    wide = is_wide(account)
    below = list(children(account).select_related("tenant")) if wide else []
    branches = list(together(account).select_related("tenant"))
    everything = counts_of(Account.objects.present().subtree(account.id).order_by().values("id"))
    # A reseller's day is that of all its customers and their branches; resellers below it have days of their own.
    ids = [one.id for one in branches] if wide else None
    today = list(calls.leading(calls.today(zone), accounts=ids).only("started", "answered"))
    hours = calls.by_hour(today, zone)
    live = rows_context(account)["calls"]
    counts = {
        "live_calls": len(live),
        "phones": everything.total("phones"),
        "phones_registered": everything.total("phones_registered"),
        "calls_today": len(today),
        "missed_today": sum(hour["missed"] for hour in hours),
        "people": sum(people_in({one.id: one for one in (*branches, *below)}.values()).values()),
        "customers": len(below),
    }
    context = {
        "counts": counts,
        "calls_by_hour": hours,
        "calls_peak": max(1, *(hour["answered"] + hour["missed"] for hour in hours)),
        "checklist": _checklist(request, wide, bool(below)),
        "live_calls": live[:SHOWN],
        "recent_calls": calls.recent(account),
        "attention": [] if wide else _attention(request),
    }
    return portal_page(request, "home", context)


def _checklist(request: WebRequest, wide: bool, has_customers: bool) -> list[dict[str, Any]]:
    """First steps, empty when all are taken."""
    if wide:
        told = _("It has its own people, phones and numbers.")
        url = link(request, "customer_create")
        steps = [_step(_("Add a customer"), told, url, _("Add customer"), has_customers)]
    else:
        person, phone, flow = (link(request, name) for name in ("person_create", "device_create", "flow_create"))
        people, phones, flows = User.objects.exists(), Device.objects.exists(), Callflow.objects.exists()
        steps = [
            _step(_("Add people"), _("Those who make and take calls."), person, _("Add person"), people),
            _step(_("Add a phone"), _("Copy its SIP user and password into it."), phone, _("Add phone"), phones),
            _step(
                _("Say where calls go"),
                _("A call flow answers a number step by step."),
                flow,
                _("Add call flow"),
                flows,
            ),
        ]
    return [] if all(step["done"] for step in steps) else steps


def _step(label: str, help_text: str, url: str, action: str, done: bool) -> dict[str, Any]:
    return {"label": label, "help": help_text, "url": url, "action": action, "done": done}


def _attention(request: WebRequest) -> list[dict[str, str]]:
    """Phones that were registered once and are not now, and flows without a step."""
    account_id = request.viewed_account.id
    registered = Registration.objects.filter(account_id=account_id, expires__gt=now()).values("device_id")
    lost = Registration.objects.filter(account_id=account_id, expires__lte=now()).values("device_id")
    gone = Device.objects.filter(enabled=True, id__in=lost).exclude(id__in=registered).order_by("name")[:SHOWN]
    found = [
        _item(device.name, _("The phone is not registered any more."), "warn", link(request, "device", device.id))
        for device in gone
    ]
    told = _("Callers are hung up: the flow has no step yet.")
    empty = Callflow.objects.filter(flow={}).order_by("name")[:SHOWN]
    return found + [_item(str(flow), told, "bad", link(request, "flow", flow.id)) for flow in empty]


def _item(label: str, detail: str, tone: str, url: str) -> dict[str, str]:
    return {"label": label, "detail": detail, "tone": tone, "url": url}
