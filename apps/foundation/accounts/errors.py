"""What can be wrong with a request about accounts. Entrances translate these to their own answers."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


class AccountError(Exception):
    """`code` is crossbar's name of the error; the text is for people."""

    code = "account_error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.explain())

    def explain(self) -> str:
        return _("This cannot be done to the account.")


class InvalidAccount(AccountError):
    """`errors` maps a dotted path to `{rule: {"message": …, …}}`, crossbar's shape of a validation error."""

    code = "invalid_data"

    def __init__(self, errors: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        self.errors = errors
        super().__init__(
            "; ".join(f"{path}: {rule['message']}" for path, rules in errors.items() for rule in rules.values())
        )


class MasterAccount(AccountError):
    """The master account is the root of the tree and stays as it is."""

    code = "master_account"

    def explain(self) -> str:
        return _("The master account cannot be deleted, disabled, moved, promoted or demoted.")


class AccountHasDescendants(AccountError):
    """Accounts below it must go first."""

    code = "account_has_descendants"

    def explain(self) -> str:
        return _("The account has accounts below it. Delete or move those first.")


class ResellerHasResellers(AccountError):
    """A reseller with resellers below it cannot be demoted."""

    code = "reseller_descendants"

    def explain(self) -> str:
        return _("There are resellers below this reseller. Demote or move those first.")


class NotAReseller(AccountError):
    """Only a reseller can be demoted."""

    code = "not_a_reseller"

    def explain(self) -> str:
        return _("The account is not a reseller.")


class AlreadyAReseller(AccountError):
    """Only a customer can be promoted."""

    code = "already_a_reseller"

    def explain(self) -> str:
        return _("The account is a reseller already.")


class MoveIntoItself(AccountError):
    """A tree has no cycles."""

    code = "tree_cycle"

    def explain(self) -> str:
        return _("An account cannot be moved below itself.")


class ParentGone(AccountError):
    """The account's parent is deleted (restore), or the new parent is."""

    code = "parent_deleted"

    def explain(self) -> str:
        return _("The account above is deleted. Restore it first.")


class CountsDiffer(AccountError):
    """Rows, files or directory entries were not the same in number after a move; everything was rolled back."""

    code = "move_failed"

    def explain(self) -> str:
        return _("The account was not moved: the rows before and after differ in number.")
