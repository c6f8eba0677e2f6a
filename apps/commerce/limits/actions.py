"""Every write of an account's limits."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.commerce.limits.documents import LimitsDocument
from apps.commerce.limits.models import AccountLimits
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.crossbar.errors import Forbidden
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, replace_document
from apps.foundation.identity.principal import Principal, Role


@transaction.atomic
def set_limits(limits: AccountLimits | None, document: dict[str, Any], principal: Principal) -> AccountLimits:
    """Replace the limits of the scope's account; None where it has none yet.

    Raises Forbidden: an account does not lift its own limits, the account above it does.
    """
    account_id = current_account_id()
    if principal.account_id == account_id and principal.role < Role.OPERATOR:
        raise Forbidden(_("limits are set by the account above"))
    document = validated(LimitsDocument, document)
    if limits is None or limits._state.adding:
        return create_document(AccountLimits, document, principal)
    return replace_document(limits, document, principal)
