"""Errors of the rooms below and above, told in crossbar's words. An app whose actions raise errors of its own
registers how they are told: `translate(NumberTaken, lambda error: Conflict(...))`."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import DataError, IntegrityError
from pydantic import ValidationError

from apps.foundation.accounts.errors import AccountError, InvalidAccount
from apps.foundation.accounts.scope import AccountUnknown
from apps.foundation.crossbar.errors import (
    ApiError,
    Conflict,
    Fault,
    Forbidden,
    Locked,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    ValidationFailed,
)
from apps.foundation.crossbar.validation import violations
from apps.foundation.identity.errors import (
    AccountDisabled,
    NotAllowed,
    NotAuthenticated,
    TooManyAttempts,
    UserDisabled,
)
from apps.foundation.identity.models import CredentialsRefused

E = TypeVar("E", bound=Exception)
_translators: dict[type[Exception], Callable[[Any], ApiError]] = {}


def translate(kind: type[E], told: Callable[[E], ApiError]) -> None:
    """Answer errors of a kind (and of its subclasses without a translation of their own) with what `told` makes."""
    _translators[kind] = told


def as_api_error(error: Exception) -> ApiError:
    """What a client is told. Anything unknown is a `Fault`."""
    if isinstance(error, ApiError):
        return error
    for kind in type(error).__mro__:
        if kind in _translators:
            return _translators[kind](error)
    return Fault()


def locked() -> Locked:
    message = "Account is disabled"
    return Locked({"account": {"disabled": {"message": message, "cause": message}}})


def _user_disabled() -> ApiError:
    return ValidationFailed.of("username", "disabled", "The user is disabled", cause="disabled")


translate(ValidationError, lambda error: ValidationFailed(violations(error, None)))
translate(CredentialsRefused, lambda error: ValidationFailed.of(error.field, error.rule, error.message))
translate(InvalidAccount, lambda error: ValidationFailed(error.errors))
translate(AccountError, lambda error: Conflict(str(error), identifier=error.code))
translate(AccountUnknown, lambda error: NotFound(str(error)))
translate(NotAuthenticated, lambda error: Unauthenticated())
translate(AccountDisabled, lambda error: locked())
translate(UserDisabled, lambda error: _user_disabled())
translate(TooManyAttempts, lambda error: TooManyRequests(error.retry_after))
translate(NotAllowed, lambda error: Forbidden(str(error)))
translate(IntegrityError, lambda error: Conflict())
translate(
    DataError, lambda error: ValidationFailed.of("data", "invalid", "A value is too long or out of range to be stored")
)
