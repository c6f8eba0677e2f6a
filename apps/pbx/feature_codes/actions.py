"""Giving an account its star codes."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from apps.foundation.identity.principal import Principal
from apps.pbx.callflows.actions import create_callflow
from apps.pbx.callflows.models import Callflow
from apps.pbx.feature_codes.queries import states


@transaction.atomic
def install_feature_codes(principal: Principal, numbers: Collection[str] = ()) -> list[Callflow]:
    """Make the callflows of the star codes (all, or those with these numbers) the scope's account does not have yet.

    A code is left out where the account has the feature under another number, or uses the number for something else.
    """
    return [
        create_callflow(state.code.to_callflow(), principal)
        for state in states()
        if state.is_free and (not numbers or state.code.number in numbers)
    ]
