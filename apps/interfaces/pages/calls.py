"""Finished calls as the pages show them: one line per interaction, read from the records of its legs.

The *leading* leg is the caller's, the one that came to the switch; it says who called what and when.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.models import Account
from apps.foundation.kit.clock import now
from apps.foundation.kit.partitions import first_of_month
from apps.interfaces.pages.causes import cause_words
from apps.interfaces.pages.phone_numbers import shown_number
from apps.pbx.devices.models import Device
from apps.pbx.numbers.answering import home_region
from apps.pbx.users.models import User

BUSY = ("USER_BUSY",)
#: The caller gave up, or nobody was there: for whoever was called, a missed call.
MISSED = ("ORIGINATOR_CANCEL", "NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT", "RECOVERY_ON_TIMER_EXPIRE")
RECENT = 6
#: What a leg to or from the outside is authorised by.
CARRIER = "resource"
#: How far back pages without a date look: records are kept by month.
DEFAULT_DAYS = 62


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the history is wanted. `since` and `until` are instants, `until` excluded."""

    since: datetime
    until: datetime
    direction: str = ""
    result: str = ""
    text: str = ""


def leading(filters: Filters, owner_id: str = "", accounts: Iterable[str] | None = None) -> QuerySet[CallRecord]:
    """Leading legs in the scope's account; with `owner_id`, of interactions this person had a part in.

    With `accounts` of those accounts, as far as they live in the scope's schema.
    """
    months = {"month__gte": first_of_month(filters.since.astimezone(UTC)).date(), "month__lte": filters.until.date()}
    every = CallRecord.objects if accounts is None else CallRecord.across_accounts.filter(account_id__in=accounts)
    records = every.filter(started__gte=filters.since, started__lt=filters.until, **months)
    found = records.filter(direction="inbound")
    if owner_id:
        mine = records.filter(owner_id=owner_id).exclude(interaction_id="").values("interaction_id")
        found = found.filter(Q(owner_id=owner_id) | Q(interaction_id__in=mine))
    if filters.direction in ("inbound", "outbound", "internal"):
        to_carriers = every.filter(
            account_id=OuterRef("account_id"), interaction_id=OuterRef("interaction_id"), authorizing_type=CARRIER,
            month__gte=months["month__gte"],
        )  # fmt: skip
        among_legs = ~Q(interaction_id="") & Exists(to_carriers)
        outside = Q(dialed_number__startswith="+") | Q(authorizing_type=CARRIER) | among_legs
        found = {
            "inbound": found.filter(call_kind="inbound"),
            "outbound": found.exclude(call_kind="inbound").filter(outside),
            "internal": found.exclude(call_kind="inbound").exclude(outside),
        }[filters.direction]
    if filters.result:
        found = found.filter(_with_result(filters.result))
    for word in filters.text.split():
        digits = word.replace("(", "").replace(")", "").replace("-", "")
        found = found.filter(
            Q(caller_id_name__icontains=word) | Q(caller_id_number__icontains=digits)
            | Q(dialed_number__icontains=digits) | Q(callee_id_name__icontains=word)
            | Q(call_id=word) | Q(interaction_id=word)
        )  # fmt: skip
    return found


def default_filters(days: int = DEFAULT_DAYS) -> Filters:
    moment = now()
    return Filters(moment - timedelta(days=days), moment + timedelta(days=1))


def rows(leads: Sequence[CallRecord], region: str, accounts: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The rows of `portal/call_history.html`, in the order given; two queries for all of them.

    `region` is whose national form numbers have. `accounts` names those the leads may be of besides the scope's.
    """
    legs = _legs_by_account(leads)
    people = names_of(leg.owner_id for found in legs.values() for leg in found)
    found = [row(lead, legs.get((lead.account_id, lead.interaction_id), [lead]), people, region) for lead in leads]
    for lead, shown in zip(leads, found, strict=True):
        shown["account_name"] = (accounts or {}).get(lead.account_id, "")
    return found


def row(lead: CallRecord, legs: Sequence[CallRecord], people: Mapping[str, str], region: str) -> dict[str, Any]:
    callee = next((leg for leg in legs if leg.id != lead.id and leg.answered), None)
    to_name = (people.get(callee.owner_id, "") or callee.callee_id_name) if callee else lead.callee_id_name
    from_name = people.get(lead.owner_id, "") or lead.caller_id_name
    answered = min((leg.answered for leg in legs if leg.id != lead.id and leg.answered), default=lead.answered)
    talked = lead.ended - answered if answered and len(legs) > 1 and callee else timedelta(seconds=lead.billing_seconds)
    return {
        "id": lead.interaction_id or lead.call_id,
        "started_at": lead.started,
        "answered_at": answered,
        "ended_at": lead.ended,
        "direction": direction(lead, legs),
        "from_name": from_name if from_name != lead.caller_id_number else "",
        "from_number": shown_number(lead.caller_id_number, region),
        "to_name": to_name if to_name != lead.dialed_number else "",
        "to_number": shown_number(lead.dialed_number, region),
        "result": result(lead, legs),
        "duration": max(0, int(talked.total_seconds())),
        "leg_count": len(legs),
        "hangup_words": cause_words(lead.hangup_cause),
        "callflow_id": lead.callflow_id,
        "account_id": lead.account_id,
        "account_name": "",
    }


def leg_rows(legs: Sequence[CallRecord], region: str) -> list[dict[str, Any]]:
    """The rows of `portal/call_legs.html`."""
    ids = {leg.authorizing_id for leg in legs if leg.authorizing_id}
    devices = dict(Device.across_accounts.filter(id__in=ids).values_list("id", "name")) if ids else {}
    return [
        {
            "id": leg.id,
            "direction": leg.direction,
            "from_number": shown_number(leg.caller_id_number, region),
            "to_number": shown_number(leg.callee_id_number or leg.dialed_number, region),
            "to_name": leg.callee_id_name if leg.callee_id_name != leg.callee_id_number else "",
            "started_at": leg.started,
            "ring_seconds": leg.ringing_seconds,
            "duration": leg.billing_seconds,
            "hangup_cause": leg.hangup_cause,
            "hangup_words": cause_words(leg.hangup_cause),
            "device_name": devices.get(leg.authorizing_id, ""),
            "switch": leg.switch,
        }
        for leg in legs
    ]


def recent(account: Account, owner_id: str = "", most: int = RECENT) -> list[dict[str, Any]]:
    """The last calls of the scope's account, or of one person."""
    leads = leading(default_filters(), owner_id).order_by("-started", "-id")[:most]
    return rows(list(leads), home_region(account))


def legs_of(interactions: Iterable[str]) -> dict[str, list[CallRecord]]:
    """Legs by interaction, the caller's first, then in the order they began."""
    found: dict[str, list[CallRecord]] = {}
    wanted = list(interactions)
    if wanted:
        legs = CallRecord.objects.filter(interaction_id__in=wanted).order_by("started", "id")
        for leg in sorted(legs, key=lambda leg: leg.direction != "inbound"):
            found.setdefault(leg.interaction_id, []).append(leg)
    return found


def _legs_by_account(leads: Iterable[CallRecord]) -> dict[tuple[str, str], list[CallRecord]]:
    """As `legs_of`, each account's legs of an interaction for themselves: one call may be of two accounts."""
    wanted = {(lead.account_id, lead.interaction_id) for lead in leads if lead.interaction_id}
    if not wanted:
        return {}
    accounts, interactions = {account for account, _call in wanted}, {call for _account, call in wanted}
    legs = CallRecord.across_accounts.filter(account_id__in=accounts, interaction_id__in=interactions)
    found: dict[tuple[str, str], list[CallRecord]] = {}
    for leg in sorted(legs.order_by("started", "id"), key=lambda leg: leg.direction != "inbound"):
        found.setdefault((leg.account_id, leg.interaction_id), []).append(leg)
    return found


def names_of(ids: Iterable[str]) -> dict[str, str]:
    """Names of people by id."""
    wanted = {identifier for identifier in ids if identifier}
    return {user.id: user.full_name for user in User.across_accounts.filter(id__in=wanted)} if wanted else {}


def direction(lead: CallRecord, legs: Sequence[CallRecord]) -> str:
    if lead.call_kind == "inbound":
        return "inbound"
    outside = any(leg.authorizing_type == CARRIER for leg in (lead, *legs)) or lead.dialed_number.startswith("+")
    return "outbound" if outside else "internal"


def result(lead: CallRecord, legs: Sequence[CallRecord]) -> str:
    """answered, missed, line_busy, cancelled or failed."""
    if any(leg.answered for leg in legs):
        return "answered"
    if lead.hangup_cause in BUSY:
        return "line_busy"
    if lead.hangup_cause == "ORIGINATOR_CANCEL" and lead.call_kind != "inbound":
        return "cancelled"
    return "missed" if lead.hangup_cause in MISSED else "failed"


def zone_of(account: Account) -> ZoneInfo:
    try:
        return ZoneInfo(account.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def day_start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def today(zone: ZoneInfo) -> Filters:
    """The day that it is there now."""
    start = day_start(now().astimezone(zone).date(), zone)
    return Filters(start, start + timedelta(days=1))


def by_hour(leads: Iterable[CallRecord], zone: ZoneInfo) -> list[dict[str, int]]:
    """Answered and missed of each hour of the day, for the chart."""
    hours = [{"hour": hour, "answered": 0, "missed": 0} for hour in range(24)]
    for lead in leads:
        hours[lead.started.astimezone(zone).hour]["answered" if lead.answered else "missed"] += 1
    return hours


def csv_header() -> list[str]:
    """The first line of the CSV file, in the reader's language."""
    return [
        gettext("Started"), gettext("Direction"), gettext("From"), gettext("From number"), gettext("To"),
        gettext("To number"), gettext("Result"), gettext("Talk time (s)"), gettext("Ended with"), gettext("Call id"),
    ]  # fmt: skip


def _with_result(wanted: str) -> Q:
    unanswered, inbound = Q(answered=None), Q(call_kind="inbound")
    given_up = Q(hangup_cause="ORIGINATOR_CANCEL")
    missed = unanswered & Q(hangup_cause__in=MISSED) & (inbound | ~given_up)
    cancelled = unanswered & given_up & ~inbound
    busy = unanswered & Q(hangup_cause__in=BUSY)
    known = {"answered": Q(answered__isnull=False), "missed": missed, "line_busy": busy, "cancelled": cancelled}
    return known.get(wanted) or (unanswered & ~Q(hangup_cause__in=(*MISSED, *BUSY)))
