"""Search everything in the viewed account, and the accounts below it. Answers JSON for the palette."""

from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.models import Account
from apps.foundation.identity.principal import Role
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.phone_numbers import shown_number
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.navigation import link
from apps.pbx.callflows.models import Callflow
from apps.pbx.devices.models import Device
from apps.pbx.numbers.answering import home_region
from apps.pbx.numbers.models import PhoneNumber
from apps.pbx.ring_groups.models import RingGroup
from apps.pbx.users.models import User

#: Of each kind.
MOST = 5
LONGEST_QUERY = 100
SHORTEST_NUMBER = 3
Result = dict[str, str]


@require_safe
@for_administrators
def search(request: WebRequest, account_id: str) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    results: list[Result] = []
    if text:
        for kind in (_people, _devices, _flows, _numbers, _ring_groups, _customers, _calls):
            results += kind(request, text)
    return JsonResponse({"results": results})


def _people(request: WebRequest, text: str) -> list[Result]:
    found = User.objects.all()
    for word in text.split():
        named = Q(first_name__icontains=word) | Q(last_name__icontains=word)
        found = found.filter(named | Q(email__icontains=word) | Q(username__icontains=word))
    return [
        _result(user.full_name, user.email or user.username or "", link(request, "person", user.id), "person")
        for user in found[:MOST]
    ]


def _devices(request: WebRequest, text: str) -> list[Result]:
    named = Q(name__icontains=text) | Q(mac_address__icontains=text)
    found = Device.objects.filter(named | Q(document__sip__username__icontains=text))[:MOST]
    return [_result(one.name, one.sip_username, link(request, "device", one.id), "device") for one in found]


def _flows(request: WebRequest, text: str) -> list[Result]:
    found = Callflow.objects.filter(Q(name__icontains=text) | Q(numbers__icontains=text.replace(" ", "")))[:MOST]
    return [_result(str(flow), ", ".join(flow.numbers[:3]), link(request, "flow", flow.id), "flow") for flow in found]


def _numbers(request: WebRequest, text: str) -> list[Result]:
    digits = "".join(character for character in text if character.isdigit())
    if len(digits) < SHORTEST_NUMBER:
        return []
    region = home_region(request.viewed_account)
    found = PhoneNumber.objects.filter(account_id=request.viewed_account.id, number__contains=digits)[:MOST]
    return [
        _result(shown_number(one.number, region), _("Number"), link(request, "number_edit", one.number), "numbers")
        for one in found
    ]


def _ring_groups(request: WebRequest, text: str) -> list[Result]:
    found = RingGroup.objects.filter(name__icontains=text)[:MOST]
    return [_result(group.name, _("Ring group"), link(request, "ring_group", group.id), "group") for group in found]


def _customers(request: WebRequest, text: str) -> list[Result]:
    if request.principal.role < Role.RESELLER_ADMIN:
        return []
    named = Q(name__icontains=text) | Q(realm__icontains=text) | Q(id=text)
    found = Account.objects.present().below(request.viewed_account.id).filter(named)[:MOST]
    return [_result(one.name, one.realm, reverse("portal:home", args=[one.id]), "customers") for one in found]


def _calls(request: WebRequest, text: str) -> list[Result]:
    """Only by a whole id: call records are many."""
    found = CallRecord.objects.filter(Q(interaction_id=text) | Q(call_id=text)).order_by("started")[:1]
    region = home_region(request.viewed_account)
    return [
        _result(
            f"{shown_number(record.caller_id_number, region)} → {shown_number(record.dialed_number, region)}",
            text,
            link(request, "call", record.interaction_id or text),
            "history",
        )
        for record in found
    ]


def _result(label: str, detail: str, url: str, icon: str) -> Result:
    return {"label": label, "detail": detail, "url": url, "icon": icon}
