"""Callflows: the list, and one flow as a tree that can be edited."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.paging import page_of
from apps.interfaces.pages.routes import shown_pattern, shown_route
from apps.interfaces.portal import verbs as words
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.flow_tree import ROOT, child_path, children_of, ids_in, walk
from apps.interfaces.portal.forms.flows import FlowForm
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import REFUSED, delete_page, edit_page, find
from apps.pbx.callflows.actions import create_callflow, delete_callflow, replace_callflow
from apps.pbx.callflows.models import Callflow
from apps.pbx.callflows.registry import problems_of, verbs
from apps.pbx.devices.models import Device
from apps.pbx.groups.models import Group
from apps.pbx.numbers.answering import home_region
from apps.pbx.ring_groups.models import RingGroup
from apps.pbx.users.models import User


@require_safe
@for_administrators
def flows(request: WebRequest, account_id: str) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    found = Callflow.objects.all()
    if text:
        found = found.filter(Q(name__icontains=text) | Q(numbers__icontains=text))
    page = page_of(found, request.GET, {"name": "name", "updated": "modified"}, "name")
    names = names_of({identifier for flow in page.rows for identifier in ids_in(flow.flow)})
    region = home_region(request.viewed_account)
    rows = [_row(flow, names, region) for flow in page.rows]
    return portal_page(request, "flows", {**page.context(), "rows": rows, "filtered": bool(text)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def flow(request: WebRequest, account_id: str, flow_id: str) -> HttpResponse:
    """The tree; POST changes the flow's name and numbers."""
    found = find(Callflow, flow_id)
    keeper = RingGroup.objects.filter(callflow_id=found.id).first()
    if keeper is not None and request.method == "POST":
        messages.error(request, _("This flow is kept by the ring group %(name)s: change that.") % {"name": keeper.name})
        return redirect(link(request, "ring_group", keeper.id))
    form = FlowForm(request.POST or None, document=found.to_document())
    if form.is_bound and form.is_valid():
        with form.refusing():
            replace_callflow(found, form.merged(), request.principal)
            messages.success(request, _("Saved. It counts from the next call."))
            return redirect(link(request, "flow", found.id))
    context = {
        **tree_context(found, home_region(request.viewed_account)),
        "form": form,
        "field_groups": form.field_groups(),
        "can_delete": keeper is None,
    }
    context |= {"can_edit": keeper is None}
    return portal_page(request, "flow", context, status=REFUSED if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def flow_create(request: WebRequest, account_id: str) -> HttpResponse:
    return edit_page(
        request,
        "flow_form",
        FlowForm(request.POST or None),
        save=lambda document: create_callflow(document, request.principal),
        done=lambda made: link(request, "flow", made.id),
        cancel_url=link(request, "flows"),
        told=_("The call flow was made. Now add its steps."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def flow_delete(request: WebRequest, account_id: str, flow_id: str) -> HttpResponse:
    found = find(Callflow, flow_id)
    return delete_page(
        request,
        str(found),
        delete=lambda: delete_callflow(found, request.principal),
        done_url=link(request, "flows"),
        cancel_url=link(request, "flow", found.id),
        consequences=[_("Its numbers lead nowhere afterwards.")],
    )


def tree_context(flow: Callflow, region: str) -> dict[str, Any]:
    """What `portal/flow_tree.html` takes."""
    names = names_of(ids_in(flow.flow))
    root = _node(flow.flow, ROOT, "", names) if flow.flow.get("module") else None
    return {
        "flow": {
            "id": flow.id,
            "name": str(flow),
            "numbers": [shown_route(number, region) for number in flow.numbers],
            "patterns": [shown_pattern(pattern) for pattern in flow.patterns],
            "updated_at": flow.modified,
        },
        "root": root,
        "problems": _problems(flow, names),
        "can_edit": True,
    }


def names_of(ids: set[str]) -> dict[str, str]:
    """Names of whatever steps point at; ids that name nothing are missing."""
    if not ids:
        return {}
    found = {user.id: user.full_name for user in User.objects.filter(id__in=ids)}
    for model in (Device, Group):
        found |= dict(model.objects.filter(id__in=ids).values_list("id", "name"))
    return found | {flow.id: str(flow) for flow in Callflow.objects.filter(id__in=ids)}


def _row(flow: Callflow, names: Mapping[str, str], region: str) -> dict[str, Any]:
    module = str(flow.flow.get("module") or "")
    summary = words.summary_of(flow.flow, names)
    return {
        "id": flow.id,
        "name": str(flow),
        "numbers": [shown_route(number, region) for number in flow.numbers],
        "patterns": [shown_pattern(pattern) for pattern in flow.patterns],
        "first_step_label": f"{words.label_of(module)}: {summary}" if summary else words.label_of(module),
        "first_step_icon": words.icon_of(module),
        "step_count": sum(1 for _step in walk(flow.flow)),
        "updated_at": flow.modified,
        "problem_count": len(_problems(flow, names)),
    }


def _node(step: dict[str, Any], path: str, key_label: str, names: Mapping[str, str]) -> dict[str, Any]:
    module = str(step.get("module", ""))
    below, verb = children_of(step), verbs().get(module)
    alone = set(below) <= {"_"}
    return {
        "path": path,
        "module": module,
        "label": words.label_of(module),
        "icon": words.icon_of(module),
        "summary": words.summary_of(step, names),
        "key_label": key_label,
        "can_add": verb is None or (bool(verb.children) and not (tuple(verb.children) == ("_",) and "_" in below)),
        "problem": _problem(step, names),
        "children": [
            _node(child, child_path(path, key), words.key_label(key, alone), names) for key, child in below.items()
        ],
    }


def _problem(step: Mapping[str, Any], names: Mapping[str, str]) -> str:
    module, data = str(step.get("module", "")), step.get("data")
    data = data if isinstance(data, Mapping) else {}
    verb = verbs().get(module)
    if verb is None:
        return _("This step is not known here; calls go on behind it.")
    if problems_of(verb, data):
        return _("This step is not filled in.")
    if module in ("user", "device", "group", "callflow") and str(data.get("id")) not in names:
        return _("What it points at does not exist any more.") if data.get("id") else _("This step is not filled in.")
    return ""


def _problems(flow: Callflow, names: Mapping[str, str]) -> list[dict[str, str]]:
    found = [
        {"text": f"{words.label_of(str(step.get('module')))}: {problem}", "path": path}
        for path, step in walk(flow.flow)
        if (problem := _problem(step, names))
    ]
    if not flow.flow.get("module"):
        found.append({"text": _("Callers are hung up: the flow has no step yet."), "path": ""})
    return found
