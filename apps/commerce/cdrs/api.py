"""Call records in the API."""

from __future__ import annotations

from collections import Counter
from typing import Any

from apps.commerce.cdrs.documents import SUMMARY, conversations, record_document
from apps.commerce.cdrs.models import CallRecord
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Rows
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.ranges import within_ranges
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, route
from apps.foundation.identity.principal import Role

#: Interactions are put together in memory; a busier month is read in shorter spans.
MOST_RECORDS = 20_000


class CdrResource(AccountResource):
    """Finished calls: one record per leg, newest first, of the last 31 days unless `created_from` and `created_to`
    (Gregorian seconds, at most 31 days apart) say otherwise. `Accept: text/csv` gives a spreadsheet."""

    path, model = "cdrs", CallRecord
    parents = {"users": "owner_id", "devices": "authorizing_id"}
    access = Access(read=Role.USER, own="owner_id")
    order = "-started"
    time_column = "started"
    ranges = {"created": "started"}
    summary = SUMMARY

    def document(self, instance: CallRecord) -> dict[str, Any]:
        return record_document(instance)

    def revision(self, instance: CallRecord) -> str | None:
        return instance.id

    @route("interaction", methods=("GET",), example=[{"interaction_id": "63900000000-0badcafe", "legs_count": 2}])
    def interactions(self, request: ApiRequest) -> Rows:
        """One row for each conversation: its first leg and how many legs it had."""
        return Rows(conversations(self._span(request)))

    @route("summary", methods=("GET",), example={"calls": 12, "answered": 10, "billing_seconds": 1834})
    def totals(self, request: ApiRequest) -> dict[str, Any]:
        """How many conversations there were, how many were answered, how long, and how they ended."""
        found = conversations(self._span(request))
        causes = Counter(row.get("hangup_cause", "") for row in found)
        return {
            "calls": len(found),
            "answered": sum(bool(row["answered"]) for row in found),
            "billing_seconds": sum(row.get("billing_seconds", 0) for row in found),
            "hangup_causes": dict(causes.most_common()),
        }

    @route("legs/{interaction_id}", methods=("GET",), example=[{"direction": "inbound", "call_id": "1f0a…"}])
    def legs(self, request: ApiRequest) -> list[dict[str, Any]]:
        """Every leg of one conversation, in the order they began. A leg's id or call id does as well."""
        wanted = request.arguments["interaction_id"]
        rows = self.visible(request)
        one = rows.filter(id=wanted).first() or rows.filter(call_id=wanted).first()
        found = rows.filter(interaction_id=(one.interaction_id if one and one.interaction_id else wanted))
        legs = list(found.order_by("started", "id")[:1000]) or ([one] if one else [])
        if not legs:
            raise NotFound(wanted)
        return [record_document(leg) for leg in legs]

    def _span(self, request: ApiRequest) -> list[CallRecord]:
        rows = within_ranges(self.visible(request), request.query, self.ranges, self.time_column)
        return list(rows.order_by("-started", "-id")[:MOST_RECORDS])
