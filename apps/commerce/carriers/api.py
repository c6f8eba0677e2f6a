"""Carriers in the API, where crossbar calls them resources."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from apps.commerce.carriers.actions import create_carrier, delete_carrier, replace_carrier
from apps.commerce.carriers.collection import create_several, documents_of, replace_several
from apps.commerce.carriers.documents import CarrierDocument
from apps.commerce.carriers.models import CarrierResource
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, SystemResource, route
from apps.foundation.identity.principal import Role

SUMMARY = ("id", "name", "enabled", "weight_cost", "template_name", "classifiers", "emergency", "flags")
EXAMPLE: dict[str, Any] = {
    "name": "Example Telecom",
    "rules": [r"^\+1(\d{10})$"],
    "gateways": [{"server": "192.0.2.10", "prefix": "+1"}],
    "weight_cost": 20,
}


class _Several:
    """Many carriers at once, for the account's and the operator's alike."""

    visible: Callable[[ApiRequest], QuerySet[CarrierResource]]

    @route("collection", methods=("PUT",), example={"successes": {"0f1e…": EXAMPLE}, "errors": {}})
    def create_many(self, request: ApiRequest) -> Answer:
        """Create several carriers: `data` is a list of them.

        Each is written or refused by itself; `errors` says why, by the place in the list.
        """
        return Answer(create_several(request.data, request.principal), status=201)

    @route("collection", methods=("POST",), example={"successes": {"0f1e…": EXAMPLE}, "errors": {}})
    def replace_many(self, request: ApiRequest) -> dict[str, Any]:
        """Replace several carriers: `data` is a list of them with their ids.

        Each is written or refused by itself; `errors` says why, by the id.
        """
        ids = [str(one.get("id") or "") for one in documents_of(request.data)]
        rows = self.visible(request).select_for_update().filter(id__in=ids)
        return replace_several(request.data, {row.id: row for row in rows}, request.principal)


class LocalCarriers(_Several, AccountResource):
    """Carriers of the account: where its calls to the outside leave, before those of the accounts above it.

    Gateways' passwords are never returned; a gateway that is written without one keeps its old one.
    """

    path, model, shape = "resources", CarrierResource, CarrierDocument
    summary = SUMMARY
    order = "weight_cost"
    actions = Actions(create=create_carrier, replace=replace_carrier, delete=delete_carrier)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    example = EXAMPLE


class GlobalCarriers(_Several, SystemResource):
    """The operator's carriers: calls of every account may leave through them, after the account's own."""

    path, model, shape = "resources", CarrierResource, CarrierDocument
    summary = SUMMARY
    order = "weight_cost"
    actions = Actions(create=create_carrier, replace=replace_carrier, delete=delete_carrier)
    access = Access(read=Role.OPERATOR, write=Role.OPERATOR)
    example = EXAMPLE
    of_operator = True
