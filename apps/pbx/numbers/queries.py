"""Reads about phone numbers."""

from collections.abc import Iterable

from django.db.models import QuerySet

from apps.foundation.accounts.models import Account
from apps.foundation.kit.phone_numbers import NotANumber, to_e164
from apps.pbx.numbers.answering import home_region
from apps.pbx.numbers.models import NumberState, PhoneNumber


def owner_of(text: str) -> str | None:
    """The id of the account a number in use belongs to: people may name their account by it when they sign in."""
    try:
        number = to_e164(text)
    except NotANumber:
        return None
    held = PhoneNumber.objects.filter(number=number, state__in=PhoneNumber.HELD)
    return held.values_list("account_id", flat=True).first()


def on_offer(account: Account) -> "QuerySet[PhoneNumber]":
    """What the account could take: numbers that accounts above have on offer, and its own inventory."""
    return PhoneNumber.objects.filter(account_id__in=[*account.ancestors, account.id], state=NumberState.AVAILABLE)


def search(account: Account, prefix: str, country: str = "") -> "QuerySet[PhoneNumber]":
    """Numbers on offer that begin with `prefix`: in E.164, or national digits of `country` (ISO 3166 alpha-2)."""
    if not prefix.startswith("+"):
        from phonenumbers import country_code_for_region

        code = country_code_for_region(country.upper() or home_region(account))
        prefix = f"+{code or 1}{prefix}"
    return on_offer(account).filter(number__startswith=prefix).order_by("number")


def may_take(account: Account, numbers: Iterable[str], *, may_create: bool) -> dict[str, bool]:
    """Which of these E.164 numbers the account could be given now. Those of others are simply not to be had."""
    wanted = list(numbers)
    known = set(PhoneNumber.objects.filter(number__in=wanted).values_list("number", flat=True))
    offered = set(on_offer(account).filter(number__in=wanted).values_list("number", flat=True))
    return {number: number in offered or (may_create and number not in known) for number in wanted}
