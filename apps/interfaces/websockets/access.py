"""Who may listen to what. Called in a worker thread, through the bridge."""

from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.identity.authentication import authenticate_token
from apps.foundation.identity.errors import NotAuthenticated
from apps.foundation.identity.principal import Principal, Role
from apps.interfaces.websockets.bindings import Binding


class Refused(Exception):
    """The text is for the client."""


def authorise(token: str, account_id: str) -> Principal:
    """The token's principal, when its account is `account_id` or an ancestor of it. Raises Refused."""
    try:
        principal = authenticate_token(token)
    except NotAuthenticated:
        raise Refused("failed to authenticate token") from None
    account = Account.objects.filter(id=account_id, deleted=None, enabled=True).first()
    if account is None or not account.is_within(principal.account_id):
        raise Refused("unauthorized: this token may not listen to this account")
    if principal.role == Role.USER and principal.account_id != account_id:
        raise Refused("unauthorized: this token may not listen to this account")
    return principal


def refuse_for_users(principal: Principal, binding: Binding) -> None:
    """A plain user listens to his own calls only."""
    if principal.role == Role.USER and binding.words[0] != "call":
        raise Refused(f"unauthorized: {binding.text} needs an administrator")


def visible(principal: Principal, data: dict[str, Any]) -> bool:
    """Whether this event is one the principal may see: a plain user sees the calls he is part of."""
    if principal.role > Role.USER:
        return True
    variables = data.get("custom_channel_vars") or {}
    return principal.user_id is not None and principal.user_id in (data.get("owner_id"), variables.get("owner_id"))
