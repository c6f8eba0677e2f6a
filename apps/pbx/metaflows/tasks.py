"""Doing in a conversation what keys or the API asked for."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from pydantic import ValidationError

from apps.foundation.accounts.scope import AccountUnknown, account_scope
from apps.foundation.identity.principal import Principal, Role
from apps.pbx.metaflows.registry import actions
from apps.pbx.metaflows.talk import NotPossible, Talk
from apps.switching.calls.dial_string import UnsafeValue
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import SwitchRefused
from apps.switching.esl.errors import EslError
from apps.switching.switches.lines import UnknownNode

log = logging.getLogger(__name__)


@shared_task(name="metaflows.act")
def act(
    account_id: str, uuid: str, module: str, data: dict[str, Any], digits: str = "", by_keys: bool = False,
    user_id: str = "",
) -> bool:  # fmt: skip
    """Whether it was done. Not tried again: the first try may have got through, and the call gone on from there."""
    action = actions()[module]
    principal = Principal(account_id, user_id or None, Role.USER, "phone" if by_keys else "api")
    try:
        with account_scope(account_id):
            channel = LiveChannel.objects.filter(uuid=uuid, account_id=account_id).first()
            if channel is None:
                raise NotPossible("the call has ended")
            action.run(Talk(channel, principal, digits, by_keys), action.Data.model_validate(data))
    except (NotPossible, SwitchRefused, UnsafeValue, EslError, UnknownNode, AccountUnknown, ValidationError) as error:
        log.info("channel %s: %s was not done: %s", uuid, module, error)
        return False
    log.info("channel %s: %s was done", uuid, module)
    return True
