"""Call history: one line per interaction, its legs, and all of it as a CSV file."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages import calls
from apps.interfaces.pages.branches import is_wide, together
from apps.interfaces.pages.paging import page_of
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.navigation import link, portal_page
from apps.pbx.callflows.models import Callflow
from apps.pbx.numbers.answering import home_region

#: Interactions in one CSV file; more are fetched over the API.
MOST_ROWS = 50_000
_BATCH = 500
_TEXTS = ("direction", "from_name", "from_number", "to_name", "to_number", "result")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_safe
@for_administrators
def call_history(request: WebRequest, account_id: str) -> HttpResponse:
    sorts = {"started": "started", "duration": "billing_seconds"}
    names = _accounts(request)
    page = page_of(_leads(request, names), request.GET, sorts, "-started")
    filtered = any(request.GET.get(name) for name in ("q", "direction", "result", "from", "to"))
    query = request.GET.urlencode()
    context = {
        **page.context(),
        "rows": calls.rows(page.rows, home_region(request.viewed_account), names),
        "show_account": len(names) > 1,
        "filtered": filtered,
        "csv_url": link(request, "call_history_csv") + (f"?{query}" if query else ""),
    }
    return portal_page(request, "call_history", context)


@require_safe
@for_administrators
def call_history_csv(request: WebRequest, account_id: str) -> HttpResponse:
    """The same filters, without pages. Made before the answer begins: a scope is not held while it is sent."""
    names, region = _accounts(request), home_region(request.viewed_account)
    leads = list(_leads(request, names).order_by("-started", "-id")[:MOST_ROWS])
    wide = len(names) > 1
    lines = [[*calls.csv_header(), *([_("Account")] if wide else [])]]
    for start in range(0, len(leads), _BATCH):
        rows = calls.rows(leads[start : start + _BATCH], region, names)
        lines += [[*_line(row), *([_safe(row["account_name"])] if wide else [])] for row in rows]
    name = slugify(request.viewed_account.name) or "calls"
    response = StreamingHttpResponse(_written(lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response  # type: ignore[return-value]


@require_safe
@for_administrators
def call(request: WebRequest, account_id: str, interaction_id: str) -> HttpResponse:
    """One interaction; for htmx its legs alone."""
    legs = calls.legs_of([interaction_id]).get(interaction_id) or list(
        CallRecord.objects.filter(call_id=interaction_id)
    )
    if not legs:
        raise Http404
    region = home_region(request.viewed_account)
    if request.htmx:  # type: ignore[attr-defined]
        return portal_page(request, "call_legs", {"legs": calls.leg_rows(legs, region)})
    shown = calls.row(legs[0], legs, calls.names_of(leg.owner_id for leg in legs), region)
    flow = Callflow.objects.filter(id=shown["callflow_id"]).first() if shown["callflow_id"] else None
    if flow is not None:
        shown |= {"flow_name": str(flow), "flow_url": link(request, "flow", flow.id)}
    return portal_page(request, "call", {"call": shown, "legs": calls.leg_rows(legs, region)})


def _accounts(request: WebRequest) -> dict[str, str]:
    """Names by id of the accounts whose calls are shown: for a reseller those of its customers too."""
    return dict(together(request.viewed_account).values_list("id", "name"))


def _leads(request: WebRequest, accounts: Iterable[str]) -> QuerySet[CallRecord]:
    wide = is_wide(request.viewed_account)
    return calls.leading(wanted(request), accounts=list(accounts) if wide else None)


def wanted(request: WebRequest) -> calls.Filters:
    """The filters of an address; days are those of the account's time zone."""
    default, asked, zone = calls.default_filters(), request.GET, calls.zone_of(request.viewed_account)
    since, until = _day(asked.get("from")), _day(asked.get("to"))
    return calls.Filters(
        since=calls.day_start(since, zone) if since else default.since,
        until=calls.day_start(until + timedelta(days=1), zone) if until else default.until,
        direction=asked.get("direction", ""),
        result=asked.get("result", ""),
        text=asked.get("q", "").strip(),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _line(row: dict[str, object]) -> list[str]:
    started = row["started_at"]
    return [
        started.isoformat() if hasattr(started, "isoformat") else "",
        *(
            _safe(str(row[name]))
            for name in ("direction", "from_name", "from_number", "to_name", "to_number", "result")
        ),
        str(row["duration"]),
        str(row["hangup_words"]),
        str(row["id"]),
    ]


def _safe(text: str) -> str:
    """A caller's name must not become a formula in a spreadsheet."""
    return (
        f"'{text}" if text.startswith(_FORMULA) and not text[1:].replace(" ", "").replace("-", "").isdigit() else text
    )


def _written(lines: list[list[str]]) -> Iterator[str]:
    class Echo:
        def write(self, text: str) -> str:
            return text

    writer = csv.writer(Echo())
    for line in lines:
        yield writer.writerow(line)
