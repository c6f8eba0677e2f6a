"""Phones: the list with their live state, one phone, and the forms."""

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.foundation.identity.web import WebRequest
from apps.foundation.kit.clock import now
from apps.interfaces.pages.paging import page_of
from apps.interfaces.pages.phones import device_row, owners_of, presences
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.forms.devices import DeviceForm
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import delete_page, edit_page, find
from apps.pbx.devices.actions import create_device, delete_device, replace_device
from apps.pbx.devices.models import Device
from apps.pbx.users.models import User
from apps.switching.calls import tasks
from apps.switching.registrar.models import Registration


@require_safe
@for_administrators
def devices(request: WebRequest, account_id: str) -> HttpResponse:
    text, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    registered = Registration.objects.filter(account_id=account_id, device_id=OuterRef("id"), expires__gt=now())
    every = Device.objects.annotate(is_registered=Exists(registered))
    found = every
    for word in text.split():
        found = found.filter(
            Q(name__icontains=word) | Q(document__sip__username__icontains=word) | Q(mac_address__icontains=word)
        )
    if state in ("registered", "unregistered"):
        found = found.filter(is_registered=state == "registered")
    page = page_of(found, request.GET, {"name": "name"}, "name")
    states, owners = presences(page.rows), owners_of(page.rows)
    rows = [_row(request, device, states[device.id], owners.get(device.owner_id or "")) for device in page.rows]
    counts = {"registered": every.filter(is_registered=True).count(), "total": every.count()}
    context = {**page.context(), "rows": rows, "counts": counts, "filtered": bool(text or state)}
    return portal_page(request, "devices", context)


@require_safe
@for_administrators
def device(request: WebRequest, account_id: str, device_id: str) -> HttpResponse:
    found = find(Device, device_id)
    owner = owners_of([found]).get(found.owner_id or "")
    shown = _row(request, found, presences([found])[found.id], owner) | {
        "sip_password": found.sip_password,
        "realm": request.viewed_account.realm,
        "proxy": found.sip.get("proxy", ""),
        "codecs": ((found.document.get("media") or {}).get("audio") or {}).get("codecs") or [],
    }
    return portal_page(request, "device", {"device": shown, "can_delete": True})


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def device_create(request: WebRequest, account_id: str) -> HttpResponse:
    return edit_page(
        request,
        "device_form",
        DeviceForm(request.POST or None, initial={"owner_id": request.GET.get("owner", "")}),
        save=lambda document: create_device(document, request.principal),
        done=lambda made: link(request, "device", made.id),
        cancel_url=link(request, "devices"),
        told=_("The phone was added. Copy the SIP user and password into it."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def device_edit(request: WebRequest, account_id: str, device_id: str) -> HttpResponse:
    found = find(Device, device_id)
    url = link(request, "device", found.id)
    return edit_page(
        request,
        "device_form",
        DeviceForm(request.POST or None, document=found.to_document()),
        save=lambda document: replace_device(found, document, request.principal),
        done=lambda _device: url,
        cancel_url=url,
        context={"device": {"name": found.name}},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def device_delete(request: WebRequest, account_id: str, device_id: str) -> HttpResponse:
    found = find(Device, device_id)
    return delete_page(
        request,
        found.name,
        delete=lambda: delete_device(found, request.principal),
        done_url=link(request, "devices"),
        cancel_url=link(request, "device", found.id),
        consequences=[_("The phone can no longer register.")],
    )


@require_POST
@for_administrators
def device_sync(request: WebRequest, account_id: str, device_id: str) -> HttpResponse:
    """Ask a registered phone to fetch its configuration anew."""
    found = find(Device, device_id)
    tasks.sync_device.delay(found.account_id, found.id)
    messages.success(request, _("%(name)s was asked to fetch its settings.") % {"name": found.name})
    return redirect(link(request, "device", found.id))


def _row(request: WebRequest, device: Device, presence: Any, owner: User | None) -> dict[str, Any]:
    return device_row(device, presence, owner, link(request, "person", owner.id) if owner else "")
