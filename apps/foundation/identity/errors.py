"""Why somebody is not let in. Entrances turn these into answers; none says more than the caller may know."""

from apps.foundation.accounts.models import Account


class NotAuthenticated(Exception):
    """Base of all of them."""


class InvalidCredentials(NotAuthenticated):
    """Unknown, wrong, expired or revoked: the caller is not told which (401)."""


class AccountDisabled(NotAuthenticated):
    """The account of a right credential is disabled (423 "locked")."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.id)
        self.account = account


class UserDisabled(NotAuthenticated):
    """The credentials are right and the person is disabled (400, `username.disabled`)."""


class TooManyAttempts(NotAuthenticated):
    """Wait `retry_after` seconds before trying again (429)."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} seconds")
        self.retry_after = retry_after


class NotAllowed(Exception):
    """The caller is known, and may not do this (403)."""


class ResetUnknown(Exception):
    """A password reset id that never was, is used, or too old."""


class ResetAddressUnknown(Exception):
    """A password reset link may lead only to a host of this installation."""
