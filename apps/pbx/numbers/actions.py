"""Every write of a phone number, for the scope's account.

Where a number comes from: a reseller or the operator puts new ones into the system; everybody else takes what an
account above has on offer. A number that is released goes on offer at the reseller above.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id, hold_account
from apps.foundation.audit.actions import record
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.kit.clock import now
from apps.pbx.numbers.answering import as_number, connect, home_region
from apps.pbx.numbers.documents import PhoneNumberDocument, apply_document, to_document
from apps.pbx.numbers.errors import (
    InvalidState,
    NoChangeRequired,
    NotReconcilable,
    NumberExists,
    NumberForbidden,
    NumberUnknown,
)
from apps.pbx.numbers.models import NumberState, PhoneNumber

#: States a number may be created in, by who may.
CREATED_BY_ANYBODY = (NumberState.RESERVED, NumberState.IN_SERVICE)
CREATED_BY_RESELLERS = (*CREATED_BY_ANYBODY, NumberState.AVAILABLE, NumberState.AGING, NumberState.PORT_IN)
MAY_BE_RESERVED = (NumberState.AVAILABLE, NumberState.IN_SERVICE, NumberState.DISCOVERY)
MAY_BE_ACTIVATED = (NumberState.RESERVED, NumberState.AVAILABLE, NumberState.PORT_IN, NumberState.DISCOVERY)


@transaction.atomic
def create_number(text: str, document: dict[str, Any], principal: Principal) -> PhoneNumber:
    """Give the account a number: a new one, or one that an account above has on offer.

    Raises NotReconcilable, NumberExists, NumberForbidden, ValidationFailed.
    """
    document = validated(PhoneNumberDocument, document)
    state = document.get("create_with_state") or NumberState.RESERVED
    allowed = CREATED_BY_RESELLERS if principal.role >= Role.RESELLER_ADMIN else CREATED_BY_ANYBODY
    if state not in allowed:
        message = _("Numbers cannot be created in this state")
        raise ValidationFailed.of("create_with_state", "forbidden", message, value=state, target=list(allowed))
    account = _account()
    number = normalised(text, account)
    row = _locked(number)
    if row is None:
        return _insert(number, state, document, account, principal)
    if not _is_on_offer(row, account):
        raise NumberExists(number)
    return _take(row, state, document, account, principal)


@transaction.atomic
def replace_number(row: PhoneNumber, document: dict[str, Any], principal: Principal) -> PhoneNumber:
    """Replace the public fields; state and use are not among them."""
    before = to_document(row)
    apply_document(row, validated(PhoneNumberDocument, document))
    return _saved(row, "edited", principal, before)


@transaction.atomic
def activate_number(text: str, document: dict[str, Any], principal: Principal) -> PhoneNumber:
    """Put a number into service; one that is on offer above is taken first, and a reseller adds one that is new.

    Raises NotReconcilable, NumberUnknown, NoChangeRequired, InvalidState.
    """
    account = _account()
    number = normalised(text, account)
    row = _locked(number)
    if row is not None and row.account_id == account.id:
        if row.state == NumberState.IN_SERVICE:
            raise NoChangeRequired(number)
        return _move(row, NumberState.IN_SERVICE, MAY_BE_ACTIVATED, principal)
    may_create = row is None and principal.role >= Role.RESELLER_ADMIN
    if not may_create and (row is None or not _is_on_offer(row, account)):
        raise NumberUnknown(number)
    return create_number(number, {**document, "create_with_state": NumberState.IN_SERVICE}, principal)


@transaction.atomic
def reserve_number(text: str, principal: Principal) -> PhoneNumber:
    """Keep a number without taking calls on it. Raises NumberUnknown, NoChangeRequired, InvalidState."""
    account = _account()
    number = normalised(text, account)
    row = _locked(number)
    if row is not None and row.account_id == account.id:
        if row.state == NumberState.RESERVED:
            raise NoChangeRequired(number)
        return _move(row, NumberState.RESERVED, MAY_BE_RESERVED, principal)
    if row is None or not _is_on_offer(row, account):
        raise NumberUnknown(number)
    return _take(row, NumberState.RESERVED, {}, account, principal)


@transaction.atomic
def release_number(row: PhoneNumber, principal: Principal, *, hard: bool = False) -> PhoneNumber:
    """Give a number up: it goes on offer at the reseller above, without what the account had set up on it.

    With `hard` a reseller takes it out of the system. Raises NumberForbidden.
    """
    hold_account()
    account, before = _account(), to_document(row)
    if hard and principal.role < Role.RESELLER_ADMIN:
        raise NumberForbidden(row.number)
    row.used_by = row.callflow_id = ""
    row.document = {}
    row.revision += 1
    row.modified = now()
    if hard:
        PhoneNumber.objects.filter(number=row.number).delete()
        row.state = NumberState.DELETED
    else:
        row.account_id, row.state = account.reseller_above_id, NumberState.AVAILABLE
        row.save(force_update=True)
    _announce("deleted", row.number, account.id, principal, before, {})
    return row


@transaction.atomic
def fix_number(row: PhoneNumber, principal: Principal) -> PhoneNumber:
    """Find out anew which callflow answers a number. Nothing is written or announced where that is known already."""
    before, known = to_document(row), (row.used_by, row.callflow_id, row.state)
    connect(row)
    if (row.used_by, row.callflow_id, row.state) == known:
        return row
    return _saved(row, "edited", principal, before)


def normalised(text: str, account: Account | None = None) -> str:
    """E.164 of what a client wrote, in the account's country. Raises NotReconcilable."""
    number = as_number(text, home_region(account or _account()))
    if number is None:
        raise NotReconcilable(text)
    return number


def _insert(number: str, state: str, document: dict[str, Any], account: Account, principal: Principal) -> PhoneNumber:
    if principal.role < Role.RESELLER_ADMIN:
        raise NumberForbidden(number)
    row = PhoneNumber(number=number, account_id=account.id, state=state, country=_country(number))
    apply_document(row, document)
    _note_reservation(row)
    connect(row)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise NumberExists(number) from None
    _announce("created", number, account.id, principal, {}, to_document(row))
    return row


def _take(
    row: PhoneNumber, state: str, document: dict[str, Any], account: Account, principal: Principal
) -> PhoneNumber:
    row.account_id, row.state = account.id, state
    carrier_name = row.carrier_name
    apply_document(row, document)
    row.carrier_name = carrier_name
    _note_reservation(row)
    connect(row)
    return _saved(row, "created", principal, {})


def _move(row: PhoneNumber, state: NumberState, allowed: tuple[NumberState, ...], principal: Principal) -> PhoneNumber:
    if row.state not in allowed:
        raise InvalidState(row.number)
    before = to_document(row)
    row.state = state
    _note_reservation(row)
    connect(row)
    return _saved(row, "edited", principal, before)


def _saved(row: PhoneNumber, action: str, principal: Principal, before: dict[str, Any]) -> PhoneNumber:
    row.revision += 1
    row.modified = now()
    row.save(force_update=True)
    _announce(action, row.number, row.account_id, principal, before, to_document(row))
    return row


def _announce(
    action: str, number: str, account_id: str, principal: Principal, before: dict[str, Any], after: dict[str, Any]
) -> None:
    record(principal, f"phone_number.{action}", "phone_number", number, before, after)
    publish(DocumentChanged(account_id, f"doc_{action}", "phone_number", number))


def _note_reservation(row: PhoneNumber) -> None:
    if row.state == NumberState.RESERVED:
        row.reserve_history = [*(one for one in row.reserve_history if one != row.account_id), row.account_id]


def _is_on_offer(row: PhoneNumber, account: Account) -> bool:
    return row.state == NumberState.AVAILABLE and row.account_id in account.ancestors


def _locked(number: str) -> PhoneNumber | None:
    hold_account()
    return PhoneNumber.objects.select_for_update().filter(number=number).first()


def _account() -> Account:
    return Account.objects.select_related("tenant", "parent__tenant").get(id=current_account_id())


def _country(number: str) -> str:
    import phonenumbers

    return (phonenumbers.region_code_for_number(phonenumbers.parse(number)) or "")[:2].replace("0", "")
