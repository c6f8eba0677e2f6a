"""Adding, editing and removing one step of a callflow: a dialog, or a page without script."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.refusals import refusals_of
from apps.interfaces.portal import verbs as words
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.flow_tree import NoSuchStep, count_below, step_at, with_data, with_step, without_step
from apps.interfaces.portal.forms.steps import StepForm
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import find
from apps.interfaces.portal.views.flows import tree_context
from apps.pbx.callflows.actions import replace_callflow
from apps.pbx.callflows.models import Callflow
from apps.pbx.callflows.registry import AnyVerb, verbs
from apps.pbx.numbers.answering import home_region

#: What is offered first where no verb is chosen yet.
FIRST_CHOICE = "user"


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def flow_node(request: WebRequest, account_id: str, flow_id: str) -> HttpResponse:
    """`?action=add|edit|remove&path=…`; see `portal/flow_node.html` for what is answered."""
    flow, path = find(Callflow, flow_id), request.GET.get("path", "")
    handler = {"add": _add, "edit": _edit, "remove": _remove}.get(request.GET.get("action", ""))
    if handler is None:
        return HttpResponseBadRequest()
    try:
        return handler(request, flow, path)
    except NoSuchStep:
        raise Http404 from None


def _add(request: WebRequest, flow: Callflow, path: str) -> HttpResponse:
    above = step_at(flow.flow, path) if path else None
    asked = request.POST if request.method == "POST" else request.GET
    module = asked.get("module", FIRST_CHOICE)
    verb = verbs().get(module) or next(iter(verbs().values()))
    bound = request.POST if request.method == "POST" else None
    initial = {"module": verb.name} | ({"key": asked["key"]} if asked.get("key") else {})
    form = StepForm(bound, verb=verb, adding_below=above, choose=True, initial=initial)
    if form.is_bound and form.is_valid():
        step = {"module": verb.name, "data": form.step_data(), "children": {}}
        return _save(request, flow, with_step(flow.flow, path, form.cleaned_data.get("key") or "_", step), form, path)
    return _dialog(request, flow, "add", path, form=form, verb_help=words.help_of(verb))


def _edit(request: WebRequest, flow: Callflow, path: str) -> HttpResponse:
    step = step_at(flow.flow, path)
    verb = verbs().get(str(step.get("module")))
    if verb is None:
        raise Http404
    data = step.get("data") if isinstance(step.get("data"), dict) else {}
    form = StepForm(request.POST if request.method == "POST" else None, verb=verb, data=data)
    if form.is_bound and form.is_valid():
        return _save(request, flow, with_data(flow.flow, path, form.step_data()), form, path, "edit")
    return _dialog(request, flow, "edit", path, form=form, verb_help=words.help_of(verb), node=_label(step))


def _remove(request: WebRequest, flow: Callflow, path: str) -> HttpResponse:
    step = step_at(flow.flow, path)
    if request.method == "POST":
        return _save(request, flow, without_step(flow.flow, path), None, path, "remove")
    return _dialog(request, flow, "remove", path, node=_label(step), removed_count=count_below(step))


def _save(
    request: WebRequest, flow: Callflow, tree: dict[str, Any], form: StepForm | None, path: str, action: str = "add"
) -> HttpResponse:
    try:
        replace_callflow(flow, flow.to_document() | {"flow": tree}, request.principal)
    except Exception as error:
        refusals = refusals_of(error)
        if refusals is None or form is None:
            raise
        for _path, text in refusals:
            form.add_error(None, text)
        verb: AnyVerb = form.verb
        return _dialog(request, flow, action, path, form=form, verb_help=words.help_of(verb))
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(link(request, "flow", flow.id))
    answer = portal_page(request, "flow_tree", tree_context(flow, home_region(request.viewed_account)))
    answer.headers["HX-Retarget"], answer.headers["HX-Trigger"] = "#flow-tree", "dialog-close"
    return answer


def _dialog(request: WebRequest, flow: Callflow, action: str, path: str, **context: Any) -> HttpResponse:
    shown = {"flow": {"id": flow.id, "name": str(flow)}, "action": action, "path": path, **context}
    return portal_page(request, "flow_node", shown)


def _label(step: dict[str, Any]) -> dict[str, str]:
    return {"label": words.label_of(str(step.get("module")))}
