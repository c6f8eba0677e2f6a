"""Carriers in the API, where crossbar calls them resources."""

from typing import Any

from apps.commerce.carriers.actions import create_carrier, delete_carrier, replace_carrier
from apps.commerce.carriers.documents import CarrierDocument
from apps.commerce.carriers.models import CarrierResource
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.resource import AccountResource, Actions, SystemResource
from apps.foundation.identity.principal import Role

SUMMARY = ("id", "name", "enabled", "weight_cost", "template_name", "classifiers", "emergency", "flags")
EXAMPLE: dict[str, Any] = {
    "name": "Example Telecom",
    "rules": [r"^\+1(\d{10})$"],
    "gateways": [{"server": "192.0.2.10", "prefix": "+1"}],
    "weight_cost": 20,
}


class LocalCarriers(AccountResource):
    """Carriers of the account: where its calls to the outside leave, before those of the accounts above it.

    Gateways' passwords are never returned; a gateway that is written without one keeps its old one.
    """

    path, model, shape = "resources", CarrierResource, CarrierDocument
    summary = SUMMARY
    order = "weight_cost"
    actions = Actions(create=create_carrier, replace=replace_carrier, delete=delete_carrier)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    example = EXAMPLE


class GlobalCarriers(SystemResource):
    """The operator's carriers: calls of every account may leave through them, after the account's own."""

    path, model, shape = "resources", CarrierResource, CarrierDocument
    summary = SUMMARY
    order = "weight_cost"
    actions = Actions(create=create_carrier, replace=replace_carrier, delete=delete_carrier)
    access = Access(read=Role.OPERATOR, write=Role.OPERATOR)
    example = EXAMPLE
    of_operator = True
