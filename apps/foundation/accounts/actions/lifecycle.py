"""Disabling, deleting and removing accounts, and the ways back."""

import shutil
from typing import Any

from django.db import transaction

from apps.foundation.accounts import lifecycle
from apps.foundation.accounts.actions.announcing import announce, note
from apps.foundation.accounts.actions.relocation import Inventory, account_files, remove_rows
from apps.foundation.accounts.documents import to_document
from apps.foundation.accounts.errors import AccountHasDescendants, MasterAccount, ParentGone
from apps.foundation.accounts.events import AccountDisabled, AccountEnabled
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import descendants
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.foundation.tenants.actions import drop_tenant


@transaction.atomic
def disable_account(account: Account, principal: Principal) -> Account:
    """Stop logins, tokens, registrations and calls of the account, and of every account below it, at once.

    Nothing of those below is changed: what they could do before they can do again when this one is enabled, and one
    that is disabled itself stays so. Raises MasterAccount.
    """
    _refuse_master(account)
    if account.enabled:
        _update(account, enabled=False, token_salt=new_id())
        lifecycle.suspended.happen(account)
        note("disabled", account, principal, {"enabled": True}, {"enabled": False})
        publish(AccountDisabled(account.id, account.name))
    return account


@transaction.atomic
def enable_account(account: Account, principal: Principal) -> Account:
    """Let the account work again, and those below it that are not disabled themselves."""
    if not account.enabled:
        _update(account, enabled=True)
        if account.deleted is None:
            lifecycle.resumed.happen(account)
        note("enabled", account, principal, {"enabled": False}, {"enabled": True})
        publish(AccountEnabled(account.id, account.name))
    return account


@transaction.atomic
def delete_account(account: Account, principal: Principal, *, hard: bool = False) -> Account:
    """Delete softly: nothing is lost, the realm stays taken, nobody can use it. With `hard`, remove it for good.

    Raises MasterAccount, AccountHasDescendants.
    """
    if hard:
        hard_delete_account(account, principal)
        return account
    _refuse_master(account)
    if descendants(account).exists():
        raise AccountHasDescendants
    if account.deleted is None:
        before = to_document(account)
        _update(account, deleted=now(), token_salt=new_id())
        lifecycle.suspended.happen(account)
        announce("doc_deleted", account, principal, before, {})
    return account


@transaction.atomic
def restore_account(account: Account, principal: Principal) -> Account:
    """Undo a soft delete. Raises ParentGone where the account above is deleted too."""
    if account.parent is not None and account.parent.deleted is not None:
        raise ParentGone
    if account.deleted is not None:
        _update(account, deleted=None)
        if account.enabled:
            lifecycle.resumed.happen(account)
        announce("doc_created", account, principal, {}, to_document(account))
    return account


@transaction.atomic
def hard_delete_account(account: Account, principal: Principal) -> Inventory:
    """Remove the account with every tenant row, directory row and file; a reseller's schema goes with it.

    Accounts below it that were deleted softly go too: they have nowhere to be restored to. Returns what was removed.
    Raises MasterAccount, AccountHasDescendants.
    """
    _refuse_master(account)
    if descendants(account).exists():
        raise AccountHasDescendants
    doomed = Account.objects.select_related("tenant", "parent").subtree(account.id).select_for_update(of=("self",))
    rows: dict[str, int] = {}
    files = 0
    for each in sorted(doomed, key=lambda each: len(each.ancestors), reverse=True):
        removed = _remove(each)
        rows = {table: rows.get(table, 0) + count for table, count in removed.rows.items()}
        files += removed.files
    announce("doc_deleted", account, principal, to_document(account), {})
    return Inventory(rows, files)


def _remove(account: Account) -> Inventory:
    lifecycle.removed.happen(account)
    removed = remove_rows(str(account.tenant.schema_name), [account.id])
    identifier, tenant = account.id, account.tenant
    account.delete()
    if tenant.account_id == identifier:
        drop_tenant(tenant)
    transaction.on_commit(lambda: shutil.rmtree(account_files(identifier), ignore_errors=True))
    return removed


def _update(account: Account, **values: Any) -> None:
    for name, value in values.items():
        setattr(account, name, value)
    account.revision += 1
    account.modified = now()
    account.save(update_fields=[*values, "revision", "modified"])


def _refuse_master(account: Account) -> None:
    if account.is_master:
        raise MasterAccount
