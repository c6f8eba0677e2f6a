"""Every write to the account tree: one function per intention, one transaction each."""

from apps.foundation.accounts.actions.lifecycle import (
    delete_account,
    disable_account,
    enable_account,
    hard_delete_account,
    restore_account,
)
from apps.foundation.accounts.actions.tree import demote_reseller, move_account, promote_to_reseller
from apps.foundation.accounts.actions.writing import MasterExists, create_account, create_master, replace_account

__all__ = [
    "MasterExists",
    "create_account",
    "create_master",
    "delete_account",
    "demote_reseller",
    "disable_account",
    "enable_account",
    "hard_delete_account",
    "move_account",
    "promote_to_reseller",
    "replace_account",
    "restore_account",
]
