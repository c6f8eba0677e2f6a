"""Limits in the API."""

from typing import Any

from apps.commerce.limits.actions import set_limits
from apps.commerce.limits.documents import LimitsDocument
from apps.commerce.limits.models import AccountLimits
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import Actions, SingletonResource
from apps.foundation.identity.principal import Role


class LimitsResource(SingletonResource):
    """How many calls the account may have at once. The account above sets it."""

    path, model, shape = "limits", AccountLimits, LimitsDocument
    actions = Actions(replace=set_limits)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.RESELLER_ADMIN)
    example = {"calls": 10, "resource_consuming_calls": 5, "twoway_trunks": 0}

    def find(self, request: ApiRequest) -> AccountLimits:
        """An account that has no limits yet has empty ones."""
        rows = AccountLimits.objects.all()
        found: AccountLimits | None = (rows if request.verb == "GET" else rows.select_for_update()).first()
        return found or AccountLimits(account_id=request.account.id)

    def document(self, instance: AccountLimits) -> dict[str, Any]:
        if instance._state.adding:
            return LimitsDocument().as_document()
        return instance.to_document()
