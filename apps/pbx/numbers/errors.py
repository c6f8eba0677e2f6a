"""What can be wrong with a request about a phone number, told as crossbar tells it: `{code, error, message, cause}`."""

from typing import ClassVar

from django.utils.translation import gettext as _

from apps.foundation.crossbar.errors import ApiError


class NumberRefused(ApiError):
    """One number cannot be changed as asked."""

    def __init__(self, number: str) -> None:
        details = {
            "cause": number,
            "code": self.status,
            "error": self.identifier,
            "message": self.explain() % {"number": number},
        }
        super().__init__(details)

    def explain(self) -> str:
        raise NotImplementedError


class NumberExists(NumberRefused):
    """409: somebody has the number already."""

    status: ClassVar[int] = 409
    identifier = "number_exists"

    def explain(self) -> str:
        return _("number %(number)s already exists")


class NotReconcilable(NumberRefused):
    """404: the text is no phone number."""

    status: ClassVar[int] = 404
    identifier = "not_reconcilable"

    def explain(self) -> str:
        return _("number %(number)s is not reconcilable")


class NumberUnknown(NumberRefused):
    """404: the account has no such number, or it is not on offer."""

    status: ClassVar[int] = 404
    identifier = "not_found"

    def explain(self) -> str:
        return _("number %(number)s could not be found")


class NumberForbidden(NumberRefused):
    """403: only a reseller may put new numbers into the system."""

    status: ClassVar[int] = 403
    identifier = "unauthorized"

    def explain(self) -> str:
        return _("Not authorized to add number %(number)s: take one that is on offer")


class NoChangeRequired(NumberRefused):
    """400: the number is in that state already."""

    status: ClassVar[int] = 400
    identifier = "no_change_required"

    def explain(self) -> str:
        return _("no change required for number %(number)s")


class InvalidState(NumberRefused):
    """400: a number cannot go from its state to that one."""

    status: ClassVar[int] = 400
    identifier = "invalid_state_transition"

    def explain(self) -> str:
        return _("number %(number)s cannot change to that state")
