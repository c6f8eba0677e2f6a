"""Carriers: the gateways calls leave through."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.commerce.carriers.actions import create_carrier, delete_carrier, replace_carrier
from apps.commerce.carriers.models import CarrierResource
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.paging import page_of
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.forms.carriers import CarrierForm
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import delete_page, edit_page, find
from apps.switching.calls.models import LiveChannel


@require_safe
@for_administrators
def carriers(request: WebRequest, account_id: str) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    found = CarrierResource.objects.filter(name__icontains=text) if text else CarrierResource.objects.all()
    page = page_of(found, request.GET, {"name": "name", "weight": "weight_cost"}, "weight")
    live = calls_over([carrier.id for carrier in page.rows])
    context = {**page.context(), "rows": [_row(carrier, live) for carrier in page.rows], "filtered": bool(text)}
    return portal_page(request, "carriers", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def carrier_create(request: WebRequest, account_id: str) -> HttpResponse:
    return edit_page(
        request,
        "carrier_form",
        CarrierForm(request.POST or None),
        save=lambda document: create_carrier(document, request.principal),
        done=lambda _carrier: link(request, "carriers"),
        cancel_url=link(request, "carriers"),
        told=_("The carrier was added."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def carrier_edit(request: WebRequest, account_id: str, carrier_id: str) -> HttpResponse:
    found = find(CarrierResource, carrier_id)
    return edit_page(
        request,
        "carrier_form",
        CarrierForm(request.POST or None, document=found.to_document()),
        save=lambda document: replace_carrier(found, document, request.principal),
        done=lambda _carrier: link(request, "carriers"),
        cancel_url=link(request, "carriers"),
        context={"carrier": {"name": found.name}, "delete_url": link(request, "carrier_delete", found.id)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def carrier_delete(request: WebRequest, account_id: str, carrier_id: str) -> HttpResponse:
    found = find(CarrierResource, carrier_id)
    return delete_page(
        request,
        found.name,
        delete=lambda: delete_carrier(found, request.principal),
        done_url=link(request, "carriers"),
        cancel_url=link(request, "carriers"),
        consequences=[_("Calls go out over the other carriers, or not at all.")],
    )


def calls_over(carrier_ids: list[str]) -> dict[str, int]:
    """Legs to and from each carrier now."""
    legs = LiveChannel.objects.filter(authorizing_id__in=carrier_ids).order_by()
    return dict(legs.values_list("authorizing_id").annotate(Count("uuid")))


def _row(carrier: CarrierResource, live: Mapping[str, int]) -> dict[str, Any]:
    gateway = carrier.gateways[0] if carrier.gateways else {}
    port = gateway.get("port")
    return {
        "id": carrier.id,
        "name": carrier.name,
        "enabled": carrier.enabled,
        "server": f"{gateway.get('server', '')}{f':{port}' if port else ''}",
        "rules": carrier.rules,
        "weight": carrier.weight_cost,
        "flags": carrier.flags,
        "live_calls": live.get(carrier.id, 0),
    }
