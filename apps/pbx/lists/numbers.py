"""The one form in which numbers of callers and of lists are compared, and callers who hide theirs."""

from __future__ import annotations

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.pbx.numbers.answering import as_number, home_region

#: Exact words, in any case, as switches and carriers put them in the place of a name or number.
_NOBODY = frozenset({"anonymous", "restricted", "private", "withheld", "unavailable", "unknown"})
#: Only these are refused for a name: people are called all sorts of things.
_NOBODY_BY_NAME = frozenset({"anonymous", "restricted"})


def in_one_form(number: str) -> str:
    """E.164 of a phone number however it is written (national forms by the scope's account's country), lower case of
    anything else: an extension, a word."""
    number = number.strip()
    international = number.startswith("+")
    region = "US" if international else home_region(Account.objects.get(id=current_account_id()))
    return as_number(number, region) or number.lower()


def is_anonymous(number: str, name: str = "", *, hidden: bool = False) -> bool:
    """Whether a caller does not say who he is: `hidden` where the carrier was asked for privacy (RFC 3323)."""
    number, name = number.strip().lower(), name.strip().lower()
    return hidden or number in _NOBODY or not number.strip("0") or name in _NOBODY_BY_NAME
