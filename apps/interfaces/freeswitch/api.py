"""Refused call records in the API, for the operator."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import Actions, SystemResource, item_route
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.kit.clock import to_gregorian
from apps.interfaces.freeswitch.models import RefusedRecord
from apps.interfaces.freeswitch.refusals import retry_refused


def delete_refused(record: RefusedRecord, principal: Principal, *, hard: bool = False) -> None:
    """Throw a record away for good."""
    record.delete()


class RefusedRecordResource(SystemResource):
    """Call records that could not be taken in: unreadable ones, and those of no account. They stay until they are tried
    again with success, or thrown away."""

    path, model, hex_ids = "refused_records", RefusedRecord, False
    access = Access(read=Role.OPERATOR, write=Role.OPERATOR)
    actions = Actions(delete=delete_refused)
    summary = ("id", "switch", "call_id", "problem", "received")
    order = "-received"

    def rows(self, request: ApiRequest) -> QuerySet[Any]:
        return RefusedRecord.objects.filter(id=request.id) if request.id.isdigit() else self._all(request)

    def _all(self, request: ApiRequest) -> QuerySet[Any]:
        return RefusedRecord.objects.none() if request.id else RefusedRecord.objects.all()

    def document(self, instance: RefusedRecord) -> dict[str, Any]:
        return {
            "id": str(instance.pk),
            "switch": instance.switch,
            "call_id": instance.call_id,
            "problem": instance.problem,
            "received": to_gregorian(instance.received),
            "body": bytes(instance.body).decode("utf-8", "replace"),
        }

    @item_route("retry", methods=("POST",), example={"taken_in": True})
    def retry(self, request: ApiRequest, instance: RefusedRecord) -> dict[str, bool]:
        """Try to take the record in once more. Where that works it is gone from here."""
        return {"taken_in": retry_refused(instance)}
