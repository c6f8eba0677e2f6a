"""Phone numbers of the account: the list, adding one, and which callflow answers it."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.foundation.identity.principal import Role
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.paging import page_of
from apps.interfaces.pages.phone_numbers import shown_number
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.forms.numbers import NumberForm
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import REFUSED, delete_page
from apps.pbx.callflows.actions import replace_callflow
from apps.pbx.callflows.models import Callflow
from apps.pbx.numbers.actions import create_number, release_number
from apps.pbx.numbers.answering import home_region
from apps.pbx.numbers.models import NumberState, PhoneNumber
from apps.pbx.numbers.queries import on_offer
from apps.pbx.ring_groups.actions import replace_ring_group
from apps.pbx.ring_groups.models import RingGroup

#: Numbers on offer to choose from in one form.
MOST_OFFERED = 500


@require_safe
@for_administrators
def numbers(request: WebRequest, account_id: str) -> HttpResponse:
    text, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    region = home_region(request.viewed_account)
    found = PhoneNumber.objects.filter(account_id=request.viewed_account.id)
    digits = "".join(character for character in text if character.isdigit())
    if text:
        found = found.filter(number__contains=digits) if digits else found.none()
    if state in ("in_use", "spare"):
        found = found.exclude(callflow_id="") if state == "in_use" else found.filter(callflow_id="")
    page = page_of(found, request.GET, {"number": "number"}, "number")
    flows = {flow.id: str(flow) for flow in Callflow.objects.filter(id__in=[row.callflow_id for row in page.rows])}
    rows = [
        {
            "id": row.number,
            "number": shown_number(row.number, region),
            "account_name": "",
            "state": "in_use" if row.callflow_id else "spare",
            "used_by_label": flows.get(row.callflow_id, ""),
            "used_by_url": link(request, "flow", row.callflow_id) if row.callflow_id in flows else "",
        }
        for row in page.rows
    ]
    context = {**page.context(), "rows": rows, "filtered": bool(text or state)}
    return portal_page(request, "numbers", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def number_create(request: WebRequest, account_id: str) -> HttpResponse:
    account = request.viewed_account
    offered = None
    if request.principal.role < Role.RESELLER_ADMIN:
        offered = list(on_offer(account).order_by("number").values_list("number", flat=True)[:MOST_OFFERED])
    form = NumberForm(request.POST or None, new=True, region=home_region(account), offered=offered)
    if form.is_bound and form.is_valid():
        with form.refusing(), transaction.atomic():
            wanted = {"create_with_state": NumberState.IN_SERVICE}
            added = create_number(form.cleaned_data["number"], wanted, request.principal)
            _answer(request, added, form.cleaned_data["flow"])
        if not form.errors:
            messages.success(request, _("The number was added."))
            return redirect(link(request, "numbers"))
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def number_edit(request: WebRequest, account_id: str, number_id: str) -> HttpResponse:
    found, region = _find(request, number_id), home_region(request.viewed_account)
    form = NumberForm(request.POST or None, new=False, region=region, initial={"flow": found.callflow_id})
    if form.is_bound and form.is_valid():
        with form.refusing(), transaction.atomic():
            _answer(request, found, form.cleaned_data["flow"])
        if not form.errors:
            messages.success(request, _("Saved. It counts from the next call."))
            return redirect(link(request, "numbers"))
    return _form_page(request, form, found)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def number_delete(request: WebRequest, account_id: str, number_id: str) -> HttpResponse:
    found = _find(request, number_id)

    def delete() -> None:
        with transaction.atomic():
            _answer(request, found, "")
            release_number(found, request.principal)

    return delete_page(
        request,
        shown_number(found.number, home_region(request.viewed_account)),
        delete=delete,
        done_url=link(request, "numbers"),
        cancel_url=link(request, "numbers"),
        consequences=[_("Calls to it are no longer answered here.")],
    )


def _find(request: WebRequest, number_id: str) -> PhoneNumber:
    found = PhoneNumber.objects.filter(account_id=request.viewed_account.id, number=number_id).first()
    if found is None:
        raise Http404
    return found


def _answer(request: WebRequest, number: PhoneNumber, flow_id: str) -> None:
    """Let a callflow answer the number, and no other; none where `flow_id` is empty."""
    if flow_id == number.callflow_id:
        return
    for flow in Callflow.objects.filter(numbers__contains=[number.number]).exclude(id=flow_id):
        _write(request, flow, [one for one in flow.numbers if one != number.number])
    wanted = Callflow.objects.filter(id=flow_id).first() if flow_id else None
    if wanted is not None and number.number not in wanted.numbers:
        _write(request, wanted, [*wanted.numbers, number.number])


def _write(request: WebRequest, flow: Callflow, numbers: list[str]) -> None:
    """A ring group keeps the numbers of its own callflow."""
    keeper = RingGroup.objects.filter(callflow_id=flow.id).first()
    if keeper is not None:
        replace_ring_group(keeper, keeper.to_document() | {"numbers": numbers}, request.principal)
    else:
        replace_callflow(flow, flow.to_document() | {"numbers": numbers}, request.principal)


def _form_page(request: WebRequest, form: NumberForm, number: PhoneNumber | None) -> HttpResponse:
    context = {
        "form": form,
        "field_groups": form.field_groups(),
        "cancel_url": link(request, "numbers"),
        "number": {"number": shown_number(number.number, form.region)} if number else None,
    }
    return portal_page(request, "number_form", context, status=REFUSED if form.errors else 200)
