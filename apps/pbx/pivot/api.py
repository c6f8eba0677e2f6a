"""`/pivot/debug`: what customers' servers were asked and answered, for flows whose `pivot` says `debug`."""

from __future__ import annotations

from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Rows
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, route
from apps.foundation.identity.principal import Role
from apps.foundation.kit.clock import to_gregorian
from apps.pbx.pivot.models import PivotExchange

MOST = 500
SUMMARY = {"call_id": "0123…", "created": 63900000000, "iteration": 1, "status_code": "404", "has_schema_errors": False}


class PivotResource(AccountResource):
    """What `pivot` asked of a server and what came back, kept for a week where its `debug` is on."""

    path = "pivot"
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)

    @route("debug", methods=("GET",), example=[SUMMARY])
    def debugged(self, request: ApiRequest) -> Rows:
        """The latest request of each call, newest first."""
        seen: dict[str, dict[str, Any]] = {}
        for exchange in PivotExchange.objects.order_by("-created", "-iteration")[:MOST]:
            seen.setdefault(exchange.call_id, _summary(exchange))
        return Rows(list(seen.values()))

    @route("debug/{call_id}", methods=("GET",), example=[{"call_id": "0123…", "id": "4567…", "method": "get"}])
    def debug(self, request: ApiRequest) -> Rows:
        """What was asked for one call, in order: the request, then the answer's headers, then its body."""
        found = list(
            PivotExchange.objects.filter(call_id=request.arguments["call_id"]).order_by("created", "iteration")
        )
        if not found:
            raise NotFound
        return Rows([part for exchange in found for part in _parts(exchange)])


def _summary(exchange: PivotExchange) -> dict[str, Any]:
    found = {
        "call_id": exchange.call_id,
        "created": to_gregorian(exchange.created),
        "iteration": exchange.iteration,
        "node": exchange.node,
        "uri": exchange.uri,
        "has_schema_errors": bool(exchange.schema_errors),
    }
    if exchange.status_code is not None:
        found["status_code"] = str(exchange.status_code)
    return found | ({"error": exchange.error} if exchange.error else {})


def _parts(exchange: PivotExchange) -> list[dict[str, Any]]:
    known = {"id": exchange.id, "call_id": exchange.call_id, "iteration": exchange.iteration}
    asked = {"method": exchange.method, "uri": exchange.uri, "req_body": exchange.req_body, "req_headers": {}}
    parts: list[dict[str, Any]] = [known | asked]
    if exchange.status_code is not None:
        parts.append(known | {"resp_status_code": str(exchange.status_code), "resp_headers": exchange.resp_headers})
        parts.append(known | {"resp_body": exchange.resp_body})
    if exchange.error or exchange.schema_errors:
        parts.append(known | {"error": exchange.error, "schema_errors": exchange.schema_errors})
    return parts
