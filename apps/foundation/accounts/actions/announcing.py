"""Audit and events of changes to accounts."""

from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.actions import record
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal


def announce(
    action: str, account: Account, principal: Principal, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """`object.<action>.account.<id>` to the account and its parent; an audit entry that outlives the account.

    The parent's trail keeps what was made and what was deleted; the account's own keeps the rest.
    """
    lasting = account.parent if account.parent is not None and action != "doc_edited" else account
    note(action.removeprefix("doc_"), account, principal, before, after, trail=lasting)
    publish(
        *(
            DocumentChanged(listener, action, "account", account.id)
            for listener in (account.id, account.parent_id)
            if listener
        )
    )


def note(
    action: str,
    account: Account,
    principal: Principal,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    trail: Account | None = None,
) -> None:
    """An audit entry about `account`, kept in its own trail or in that of another account."""
    with account_scope(trail or account):
        record(principal, f"account.{action}", "account", account.id, before, after)
