"""Whose calls and people a reseller's pages count together: every account at or below it, however deep.

Resellers below it are left out: their customers live in a schema of their own, and are theirs.
"""

from __future__ import annotations

from apps.foundation.accounts.models import Account, AccountQuerySet


def is_wide(account: Account) -> bool:
    """Whether the account's pages are about accounts below it too."""
    return bool(account.is_master or account.is_reseller)


def together(account: Account) -> AccountQuerySet:
    """The account itself and, for a reseller, its customers with their branches."""
    if not is_wide(account):
        return Account.objects.present().filter(id=account.id)
    return Account.objects.present().subtree(account.id).filter(tenant_id=account.tenant_id)
