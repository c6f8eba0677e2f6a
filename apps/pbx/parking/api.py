"""Parked calls in the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource
from apps.foundation.identity.principal import Role
from apps.foundation.kit.clock import now, to_gregorian
from apps.pbx.parking.models import ParkedCall
from apps.pbx.parking.queries import waiting


class ParkedCallResource(AccountResource):
    """Calls that are parked now, by slot: `{"slots": {"101": {…}}}`. Callflows with `park` park them and take them
    back; the websocket's `call.PARK_PARKED.*`, `call.PARK_RETRIEVED.*` and `call.PARK_ABANDONED.*` tell of it."""

    path, model, key, hex_ids = "parked_calls", ParkedCall, "slot", False
    access = Access(read=Role.ACCOUNT_ADMIN)

    def rows(self, request: ApiRequest) -> QuerySet[Any]:
        return waiting()

    def document(self, instance: ParkedCall) -> dict[str, Any]:
        found = {
            "slot": instance.slot,
            "call_id": instance.call_id,
            "caller_id_name": instance.caller_id_name,
            "caller_id_number": instance.caller_id_number,
            "parker_id": instance.parker_id,
            "presence_id": instance.presence_id,
            "switch_hostname": instance.switch,
            "parked": to_gregorian(instance.since),
            "elapsed_s": max(0, int((now() - instance.since).total_seconds())),
        }
        return {name: value for name, value in found.items() if value != ""}

    def list(self, request: ApiRequest) -> Any:
        """Who waits, by slot."""
        return {"slots": {row.slot: self.document(row) for row in self.visible(request)}}
