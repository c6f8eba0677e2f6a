"""Ring groups: the list, one group, and the form with its members."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.paging import page_of
from apps.interfaces.pages.phone_numbers import shown_number
from apps.interfaces.pages.phones import person_state, presences
from apps.interfaces.pages.routes import flows_using
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.forms.ring_groups import STRATEGIES, RingGroupForm, members_formset
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import REFUSED, delete_page, find
from apps.pbx.callflows.models import Callflow
from apps.pbx.devices.models import Device
from apps.pbx.groups.models import Group
from apps.pbx.numbers.answering import home_region
from apps.pbx.ring_groups.actions import create_ring_group, delete_ring_group, replace_ring_group
from apps.pbx.ring_groups.models import RingGroup
from apps.pbx.users.models import User


@require_safe
@for_administrators
def ring_groups(request: WebRequest, account_id: str) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    found = RingGroup.objects.filter(name__icontains=text) if text else RingGroup.objects.all()
    page = page_of(found, request.GET, {"name": "name"}, "name")
    documents = {group.id: group.to_document() for group in page.rows}
    names = member_names(member for document in documents.values() for member in document.get("members") or [])
    region = home_region(request.viewed_account)
    rows = [_row(group, documents[group.id], names, region) for group in page.rows]
    return portal_page(request, "ring_groups", {**page.context(), "rows": rows, "filtered": bool(text)})


@require_safe
@for_administrators
def ring_group(request: WebRequest, account_id: str, ring_group_id: str) -> HttpResponse:
    group = find(RingGroup, ring_group_id)
    document = group.to_document()
    own = Callflow.objects.filter(id=group.callflow_id)
    context = {
        "ring_group": _row(group, document, {}, home_region(request.viewed_account))
        | {"repeats": document.get("repeats", 1)},
        "members": _members(request, document.get("members") or []),
        "flows": [{"name": str(flow), "url": link(request, "flow", flow.id), "numbers": flow.numbers} for flow in own],
        "can_delete": True,
    }
    return portal_page(request, "ring_group", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def ring_group_create(request: WebRequest, account_id: str) -> HttpResponse:
    return _form_page(request, None, lambda document: create_ring_group(document, request.principal))


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def ring_group_edit(request: WebRequest, account_id: str, ring_group_id: str) -> HttpResponse:
    group = find(RingGroup, ring_group_id)
    return _form_page(request, group, lambda document: replace_ring_group(group, document, request.principal))


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def ring_group_delete(request: WebRequest, account_id: str, ring_group_id: str) -> HttpResponse:
    group = find(RingGroup, ring_group_id)
    used = [str(flow) for flow in flows_using(group.id)]
    return delete_page(
        request,
        group.name,
        delete=lambda: delete_ring_group(group, request.principal),
        done_url=link(request, "ring_groups"),
        cancel_url=link(request, "ring_group", group.id),
        consequences=[_("Its numbers lead nowhere afterwards."), *used],
    )


def _form_page(
    request: WebRequest, group: RingGroup | None, save: Callable[[dict[str, Any]], RingGroup]
) -> HttpResponse:
    document = group.to_document() if group else None
    form = RingGroupForm(request.POST or None, document=document)
    members = members_formset(request.POST or None, document)
    if form.is_bound and form.checked_with(members):
        with form.refusing():
            merged = form.with_members(members.members())
            saved = save(merged)
            messages.success(request, _("Saved. It counts from the next call."))
            return redirect(link(request, "ring_group", saved.id))
    up = link(request, "ring_group", group.id) if group else link(request, "ring_groups")
    context = {"form": form, "field_groups": form.field_groups(), "members": members, "cancel_url": up}
    context["ring_group"] = {"name": group.name} if group else None
    refused = bool(form.is_bound and (form.errors or members.total_error_count()))
    return portal_page(request, "ring_group_form", context, status=REFUSED if refused else 200)


def member_names(members: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Names by id, three queries for any number of members."""
    ids = {str(member.get("id")) for member in members}
    found = {user.id: user.full_name for user in User.objects.filter(id__in=ids)} if ids else {}
    if ids - found.keys():
        found |= dict(Device.objects.filter(id__in=ids).values_list("id", "name"))
        found |= dict(Group.objects.filter(id__in=ids).values_list("id", "name"))
    return found


def _row(group: RingGroup, document: Mapping[str, Any], names: Mapping[str, str], region: str) -> dict[str, Any]:
    members = document.get("members") or []
    strategy = str(document.get("strategy", "simultaneous"))
    return {
        "id": group.id,
        "name": group.name,
        "strategy": STRATEGIES.get(strategy, strategy),
        "member_count": len(members),
        "member_names": ", ".join(names[member["id"]] for member in members if member.get("id") in names),
        "timeout": document.get("timeout", 20),
        "numbers": [shown_number(number, region) for number in document.get("numbers") or []],
    }


def _members(request: WebRequest, members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = member_names(members)
    ids = [str(member.get("id")) for member in members]
    devices = {device.id: device for device in Device.objects.filter(id__in=ids)}
    users = {user.id: user for user in User.objects.filter(id__in=ids)}
    owned: dict[str, list[Device]] = {}
    for device in Device.objects.filter(owner_id__in=users):
        owned.setdefault(device.owner_id or "", []).append(device)
    states = presences([*devices.values(), *(device for found in owned.values() for device in found)])
    shown = []
    for position, member in enumerate(members, 1):
        identifier, kind = str(member.get("id")), str(member.get("type"))
        url, state = "", ""
        if identifier in users:
            url = link(request, "person", identifier)
            mine = [states[device.id] for device in owned.get(identifier, [])]
            state = person_state(users[identifier], mine)
        elif identifier in devices:
            url, state = link(request, "device", identifier), states[identifier].state
        shown.append({
            "position": position,
            "name": names.get(identifier) or _("Somebody who was deleted"),
            "kind": kind,
            "url": url,
            "state": state,
            "delay": member.get("delay", 0),
            "timeout": member.get("timeout", 20),
            "weight": member.get("weight"),
        })  # fmt: skip
    return shown
