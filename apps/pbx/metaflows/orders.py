"""What a client asks of a live channel, checked, noted and handed to a worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.audit.actions import record
from apps.foundation.crossbar.errors import Forbidden, ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.identity.principal import Principal
from apps.pbx.devices.models import Device
from apps.pbx.metaflows import tasks
from apps.pbx.metaflows.registry import AnyAction
from apps.pbx.users.models import User
from apps.switching.calls.channel_orders import Order
from apps.switching.calls.models import LiveChannel

#: Fields that name somebody of the account, and what they may be.
_NAMED = {"device_id": (Device,), "owner_id": (User,), "target_id": (User, Device)}


def order(action: AnyAction) -> Order:
    """How the API asks for an action."""

    def ask(principal: Principal, channel: LiveChannel, given: Mapping[str, Any]) -> None:
        data = validated(action.Data, dict(given))
        if principal.role < action.role:
            raise Forbidden
        action.check(action.Data.model_validate(data), principal)
        _refuse_strangers(data)
        if action.audited:
            after = {"channel": channel.uuid, "owner_id": channel.owner_id, **data}
            record(principal, f"call.{action.name}", "channel", channel.uuid, {}, after)
        account_id, uuid, who = current_account_id(), channel.uuid, principal.user_id or ""
        transaction.on_commit(lambda: tasks.act.delay(account_id, uuid, action.name, data, user_id=who))

    return ask


def _refuse_strangers(data: Mapping[str, Any]) -> None:
    for field, models in _NAMED.items():
        named = data.get(field)
        if named and not any(model.objects.filter(id=named).exists() for model in models):
            raise ValidationFailed.of(field, "not_found", _("The account has no such user or device"), value=named)
