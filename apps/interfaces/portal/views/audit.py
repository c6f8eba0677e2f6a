"""The audit trail of an account: who did what, when, to what, and what changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.foundation.accounts.models import Account
from apps.foundation.audit.models import AuditEntry
from apps.foundation.identity.web import WebRequest
from apps.foundation.kit.partitions import first_of_month
from apps.interfaces.pages import calls
from apps.interfaces.pages.paging import page_of
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.navigation import portal_page
from apps.interfaces.portal.views.call_history import wanted
from apps.pbx.users.models import User

#: Letters of a value that are shown.
LONGEST_VALUE = 60
#: A person's choice in the filter that stands for those of accounts above.
ABOVE = "above"
Person = tuple[str, str]
#: What a field that was never set may be instead of absent.
_NOTHING: tuple[Any, ...] = (None, "", [], {})


@require_safe
@for_administrators
def audit(request: WebRequest, account_id: str) -> HttpResponse:
    """Filters: `q` (an action or a target's id), `kind` (of target), `person`, `from` and `to`."""
    period, asked = wanted(request), request.GET
    entries = _within(period)
    kinds = sorted(entries.order_by().values_list("target_type", flat=True).distinct())
    page = page_of(_filtered(request, entries), asked, {"created": "created"}, "-created")
    names = _names(page.rows)
    context = {
        **page.context(),
        "rows": [_row(entry, names, request.viewed_account) for entry in page.rows],
        "filtered": any(asked.get(name) for name in ("q", "kind", "person", "from", "to")),
        "kinds": kinds,
        "people": [(user.id, user.full_name) for user in User.objects.order_by("first_name", "last_name")[:500]],
        "search_hint": _("An action or an id"),
    }
    return portal_page(request, "audit", context)


def _within(period: calls.Filters) -> QuerySet[AuditEntry]:
    first, last = (first_of_month(moment.astimezone(UTC)).date() for moment in (period.since, period.until))
    in_months = AuditEntry.objects.filter(month__gte=first, month__lte=last)
    return in_months.filter(created__gte=period.since, created__lt=period.until)


def _filtered(request: WebRequest, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    text, kind, person = (request.GET.get(name, "").strip() for name in ("q", "kind", "person"))
    if text:
        entries = entries.filter(Q(action__icontains=text) | Q(target_id=text) | Q(request_id=text))
    if kind:
        entries = entries.filter(target_type=kind)
    if person == ABOVE:
        return entries.exclude(actor_account_id=request.viewed_account.id, impersonator_user_id="")
    return entries.filter(actor_user_id=person) if person else entries


def _names(entries: Iterable[AuditEntry]) -> Mapping[Person, str]:
    """Names by account and person; those of accounts in other schemas are named by their account alone."""
    people = {(entry.actor_account_id, entry.actor_user_id) for entry in entries}
    accounts = dict(Account.objects.filter(id__in={account for account, _user in people}).values_list("id", "name"))
    found = {(account, ""): name for account, name in accounts.items()}
    users = User.objects.filter(id__in={user for _account, user in people})
    return found | {(user.account_id, user.id): user.full_name for user in users}


def _row(entry: AuditEntry, names: Mapping[Person, str], viewed: Account) -> dict[str, Any]:
    """Whoever does something in an account below his own is shown as his account: his name is that account's affair."""
    own = entry.actor_account_id == viewed.id
    account = names.get((entry.actor_account_id, ""), _("Somebody who was deleted"))
    unnamed = _("Somebody who was deleted") if entry.actor_user_id else _("API key or system")
    actor = names.get((entry.actor_account_id, entry.actor_user_id), unnamed) if own and entry.actor_user_id else ""
    return {
        "id": entry.id,
        "at": entry.created,
        "actor": actor or (unnamed if own else account),
        "from_above": not own,
        "impersonated": bool(entry.impersonator_user_id),
        "action": entry.action,
        "target_type": entry.target_type,
        "target_id": entry.target_id,
        "request_id": entry.request_id,
        "changes": [
            {"field": field, "before": _short(pair[0]), "after": _short(pair[1])}
            for field, pair in sorted(entry.changes.items())
            if isinstance(pair, list) and len(pair) == 2 and any(value not in _NOTHING for value in pair)
        ],
    }


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
