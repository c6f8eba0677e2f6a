"""What a caller may do: the ancestor rule, roles, own rows, and token restrictions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.crossbar import registry
from apps.foundation.crossbar.credentials import Caller
from apps.foundation.crossbar.endpoints import Operation
from apps.foundation.crossbar.errors import Forbidden, NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import Resource
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.identity.restrictions import allowed


def authorize(
    request: ApiRequest,
    operation: Operation,
    caller: Caller | None,
    account: Account | None,
    arguments: Sequence[str],
) -> None:
    """Raises Forbidden. A public verb is for everybody."""
    if operation.public or caller is None:
        return
    principal = caller.principal
    if account is not None:
        _check_tree(principal, account)
    _check_role(principal, operation)
    restricted = getattr(caller.account, "token_restricted", True)
    if restricted and not allowed(principal, account, operation.resource.path, arguments, request.verb):
        raise Forbidden("access denied by token restrictions")


def _check_tree(principal: Principal, account: Account) -> None:
    """The caller's account is the one in the address or above it; a plain user stays at home."""
    if account.id == principal.account_id:
        return
    if principal.role is Role.USER or not account.is_within(principal.account_id):
        raise Forbidden


def _check_role(principal: Principal, operation: Operation) -> None:
    access = operation.access
    if principal.role >= access.needs(operation.verb):
        return
    if access.own_write and access.own and operation.item and operation.verb in ("POST", "PATCH"):
        return  # find() shows a plain user their own rows only
    raise Forbidden


def check_own(request: ApiRequest, operation: Operation, instance: Any) -> None:
    """A plain user writes to their own row only, however it was found. Raises Forbidden."""
    principal, access = request.identified, operation.access
    if principal is None or operation.public or principal.role >= access.needs(request.verb):
        return
    if access.own is None or str(getattr(instance, access.own)) != principal.user_id:
        raise Forbidden


def check_parents(resource: Resource, request: ApiRequest) -> None:
    """Every noun of the address must be there and be visible to the caller. Raises NotFound."""
    for noun, identifier in request.parent_ids.items():
        parent = registry.find(noun)
        if parent is None:
            raise NotFound(identifier)
        above = replace(request, id=identifier, parent_ids={}, verb="GET")
        parent().find(above)
