"""People: the list, everything about one person, and the forms."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.foundation.identity.actions import may_impersonate
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages import calls
from apps.interfaces.pages.paging import page_of
from apps.interfaces.pages.phone_numbers import shown_number
from apps.interfaces.pages.phones import (
    Presence,
    device_row,
    forwarding_number,
    person_state,
    presences,
    switched_on,
)
from apps.interfaces.pages.routes import Route, extensions, groups_ringing, routes_to
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.forms.people import PersonForm
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import delete_page, edit_page, find
from apps.pbx.callflows.actions import create_callflow
from apps.pbx.callflows.documents import CallflowDocument
from apps.pbx.devices.models import Device
from apps.pbx.numbers.answering import home_region
from apps.pbx.users.actions import create_user, delete_user, replace_user
from apps.pbx.users.models import User


@require_safe
@for_administrators
def people(request: WebRequest, account_id: str) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    found = User.objects.all()
    for word in text.split():
        found = found.filter(
            Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(username__icontains=word)
            | Q(email__icontains=word)
        )  # fmt: skip
    page = page_of(found, request.GET, {"name": "first_name"}, "name")
    phones = _phones_of(page.rows)
    states = presences([device for devices in phones.values() for device in devices])
    routes = routes_to("user", [user.id for user in page.rows])
    rows = [
        _row(user, [states[device.id] for device in phones.get(user.id, [])], routes.get(user.id, []))
        for user in page.rows
    ]
    return portal_page(request, "people", {**page.context(), "rows": rows, "filtered": bool(text)})


@require_safe
@for_administrators
def person(request: WebRequest, account_id: str, person_id: str) -> HttpResponse:
    user = find(User, person_id)
    devices = list(Device.objects.filter(owner_id=user.id).order_by("name"))
    states = presences(devices)
    context = {
        "person": _facts(user, [states[device.id] for device in devices], home_region(request.viewed_account)),
        "numbers": [_number(request, route) for route in routes_to("user", [user.id]).get(user.id, [])],
        "devices": [device_row(device, states[device.id], user) for device in devices],
        "recent_calls": calls.recent(request.viewed_account, owner_id=user.id),
        "groups": [
            {"name": group.name, "url": link(request, "ring_group", group.id)} for group in groups_ringing(user.id)
        ],
        "can_delete": user.id != request.principal.user_id,
        "can_act_as": user.enabled and may_impersonate(request.principal, request.viewed_account),
    }
    return portal_page(request, "person", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def person_create(request: WebRequest, account_id: str) -> HttpResponse:
    form = PersonForm(request.POST or None, new=True)

    def save(document: dict[str, Any]) -> User:
        with transaction.atomic():
            user = create_user(document, request.principal)
            if form.cleaned_data["extension"]:
                _make_extension(request, user, form.cleaned_data["extension"])
        return user

    return edit_page(
        request,
        "person_form",
        form,
        save=save,
        done=lambda user: link(request, "person", user.id),
        cancel_url=link(request, "people"),
        told=_("The person was added."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def person_edit(request: WebRequest, account_id: str, person_id: str) -> HttpResponse:
    user = find(User, person_id)
    url = link(request, "person", user.id)
    return edit_page(
        request,
        "person_form",
        PersonForm(request.POST or None, new=False, document=user.to_document()),
        save=lambda document: replace_user(user, document, request.principal),
        done=lambda _user: url,
        cancel_url=url,
        context={"person": {"name": user.full_name}},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def person_delete(request: WebRequest, account_id: str, person_id: str) -> HttpResponse:
    user = find(User, person_id)
    return delete_page(
        request,
        user.full_name,
        delete=lambda: delete_user(user, request.principal),
        done_url=link(request, "people"),
        cancel_url=link(request, "person", user.id),
        consequences=[_("The person can no longer sign in; the phones stay and belong to nobody.")],
    )


def _make_extension(request: WebRequest, user: User, number: str) -> None:
    """A callflow that rings a new person, refused at the form's field where the number is taken."""
    flow = {"module": "user", "data": {"id": user.id}, "children": {}}
    document = {"name": user.full_name, "numbers": [number], "flow": flow, "owner_id": user.id}
    create_callflow(CallflowDocument.model_validate(document).as_document(), request.principal)


def _phones_of(users: Iterable[User]) -> dict[str, list[Device]]:
    found: dict[str, list[Device]] = {}
    for device in Device.objects.filter(owner_id__in=[user.id for user in users]).order_by("name"):
        found.setdefault(device.owner_id or "", []).append(device)
    return found


def _row(user: User, states: list[Presence], routes: list[Route]) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.full_name,
        "username": user.username or "",
        "email": user.email or "",
        "role": "admin" if user.is_admin else "user",
        "extensions": extensions(routes),
        "enabled": user.enabled,
        "state": person_state(user, states),
        "devices": len(states),
        "devices_registered": sum(state.registered for state in states),
        "forwarding": forwarding_number(user.document),
    }


def _facts(user: User, states: list[Presence], region: str) -> dict[str, Any]:
    external = (user.document.get("caller_id") or {}).get("external") or {}
    forward = user.document.get("call_forward") or {}
    return {
        **_row(user, states, []),
        "time_zone": user.timezone or _("As the account"),
        "language": user.document.get("language") or _("As the account"),
        "caller_id_name": external.get("name", ""),
        "caller_id_number": shown_number(str(external.get("number") or ""), region),
        "do_not_disturb": switched_on(user.document, "do_not_disturb"),
        "forwarding": {
            "enabled": bool(forwarding_number(user.document)),
            "number": shown_number(forwarding_number(user.document), region),
            "failover": forward.get("failover", False),
            "keep_caller_id": forward.get("keep_caller_id", False),
            "require_keypress": forward.get("require_keypress", False),
        },
    }


def _number(request: WebRequest, route: Route) -> dict[str, str]:
    return {
        "number": shown_number(route.number, home_region(request.viewed_account)),
        "kind": route.kind,
        "flow_name": route.flow_name,
        "flow_url": link(request, "flow", route.flow_id),
    }
