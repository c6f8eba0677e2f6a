"""Which phone numbers of the cluster a callflow answers. Callers hold the transaction of the callflow's write."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.kit.clock import now
from apps.foundation.kit.phone_numbers import NotANumber, to_e164
from apps.pbx.callflows.models import CallflowNumber
from apps.pbx.numbers.models import NumberState, PhoneNumber

#: Shorter ones are extensions, whatever a numbering plan makes of them.
SHORTEST_NATIONAL = 7
_PUNCTUATION = str.maketrans("", "", " ().-/")


def home_region(account: Account) -> str:
    """ISO 3166 alpha-2 of the country whose national forms the account dials; `country` of its document."""
    country = str(account.document.get("country") or "US").upper()
    return country if len(country) == 2 and country.isalpha() else "US"


def as_number(text: str, region: str) -> str | None:
    """E.164 of something that may be a phone number, however it is punctuated; None for an extension or a word."""
    text = text.translate(_PUNCTUATION)
    digits = text.removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or (digits == text and len(digits) < SHORTEST_NATIONAL):
        return None
    try:
        return str(to_e164(text, region))
    except NotANumber:
        return None


def dialled_as(destination: str) -> list[str]:
    """What a destination may be called in a callflow: as it was dialled, then in E.164."""
    if not destination.removeprefix("+").isdigit() or len(destination) < SHORTEST_NATIONAL:
        return [destination]
    region = "US" if destination.startswith("+") else home_region(_account())
    number = as_number(destination, region)
    return list(dict.fromkeys(filter(None, (destination, number))))


def own_numbers(numbers: Iterable[str]) -> dict[str, str]:
    """Of what a client wrote, the E.164 of those that are phone numbers of the account: `5551230001` is kept as the
    extension it may be, unless the account has that phone number.

    Raises ValidationFailed for a `+…` that is no number, or that another account holds.
    """
    region, account_id = home_region(_account()), current_account_id()
    forms = {text: as_number(text, region) for text in numbers}
    rows = {row.number: row for row in PhoneNumber.objects.filter(number__in=filter(None, forms.values()))}
    found: dict[str, str] = {}
    for position, (text, number) in enumerate(forms.items()):
        row = rows.get(number or "")
        path = f"numbers.{position}"
        if text.startswith("+") and number is None:
            raise ValidationFailed.of(path, "format", _("Not a phone number in E.164"), value=text)
        if row is not None and row.account_id == account_id:
            found[text] = row.number
        elif text.startswith("+") and number is not None:
            if row is not None:
                raise ValidationFailed.of(path, "forbidden", _("The number is not the account's"), cause=text)
            found[text] = number
    return found


def answer_with(callflow_id: str, numbers: Sequence[str]) -> None:
    """Let the callflow answer those of `numbers` that are the account's, and no others.

    A number that was only reserved goes into service.
    """
    mine = PhoneNumber.objects.filter(account_id=current_account_id())
    mine.filter(callflow_id=callflow_id).exclude(number__in=numbers).update(**_changed("", ""))
    given = mine.filter(number__in=numbers)
    given.filter(state__in=(NumberState.RESERVED, NumberState.AVAILABLE)).update(state=NumberState.IN_SERVICE)
    given.exclude(callflow_id=callflow_id).update(**_changed("callflow", callflow_id))


def stop_answering_with(callflow_id: str) -> None:
    PhoneNumber.objects.filter(callflow_id=callflow_id, account_id=current_account_id()).update(**_changed("", ""))


def connect(row: PhoneNumber) -> None:
    """Let a number that the account gets be answered by the callflow that names it already. The caller saves it."""
    found = None
    if row.state in PhoneNumber.HELD:
        found = CallflowNumber.objects.filter(number=row.number).values_list("callflow_id", flat=True).first()
    row.used_by, row.callflow_id = ("callflow", found) if found else ("", "")
    if found and row.state == NumberState.RESERVED:
        row.state = NumberState.IN_SERVICE


def _changed(used_by: str, callflow_id: str) -> dict[str, object]:
    return {"used_by": used_by, "callflow_id": callflow_id, "modified": now()}


def _account() -> Account:
    return Account.objects.get(id=current_account_id())
