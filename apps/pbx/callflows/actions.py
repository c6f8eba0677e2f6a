"""Every write of a callflow. Its numbers are written with it: those of the account, and the cluster's phone numbers."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.crossbar.errors import Conflict, ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.pbx.callflows.documents import CallflowDocument
from apps.pbx.callflows.lint import certain_loop
from apps.pbx.callflows.models import Callflow, CallflowNumber
from apps.pbx.callflows.registry import validate_flow
from apps.pbx.callflows.versions import forget_versions, keep_version
from apps.pbx.lamps.actions import show_callflow, show_nothing
from apps.pbx.numbers.answering import answer_with, own_numbers, stop_answering_with
from apps.pbx.ring_groups.models import RingGroup


@transaction.atomic
def create_callflow(document: dict[str, Any], principal: Principal) -> Callflow:
    """Raises ValidationFailed: a number another callflow has or another account holds, a pattern or node that is
    wrong, jumps that only lead round and round."""
    document = checked(document)
    callflow = create_document(Callflow, document, principal)
    _write_numbers(callflow)
    keep_version(callflow, principal)
    return callflow


@transaction.atomic
def replace_callflow(callflow: Callflow, document: dict[str, Any], principal: Principal, *, note: str = "") -> Callflow:
    """Calls follow it at once, and it is a new version with this note.

    Raises as `create_callflow`, and Conflict for the callflow of a ring group.
    """
    _refuse_ring_group(callflow)
    return write_callflow(callflow, document, principal, note=note)


@transaction.atomic
def delete_callflow(callflow: Callflow, principal: Principal, *, hard: bool = False) -> Callflow:
    """Its numbers are free again. Raises Conflict for the callflow of a ring group."""
    _refuse_ring_group(callflow)
    return remove_callflow(callflow, principal, hard=hard)


@transaction.atomic
def write_callflow(callflow: Callflow, document: dict[str, Any], principal: Principal, *, note: str = "") -> Callflow:
    """Replace a callflow, whoever keeps it."""
    document = checked(document, callflow.id)
    replace_document(callflow, document, principal)
    _write_numbers(callflow)
    keep_version(callflow, principal, note)
    return callflow


@transaction.atomic
def remove_callflow(callflow: Callflow, principal: Principal, *, hard: bool = False) -> Callflow:
    """Delete a callflow, whoever keeps it."""
    CallflowNumber.objects.filter(callflow_id=callflow.id).delete()
    stop_answering_with(callflow.id)
    show_nothing(callflow.account_id, callflow.id)
    if hard:
        forget_versions(callflow.id)
    return delete_document(callflow, principal, hard=hard)


def checked(document: dict[str, Any], callflow_id: str = "") -> dict[str, Any]:
    """The document as it will be stored. Raises ValidationFailed. `callflow_id` is empty for a new one."""
    document = validated(CallflowDocument, document)
    own = own_numbers(document["numbers"])
    numbers = [own.get(number, number) for number in document["numbers"]]
    if len(set(numbers)) != len(numbers):
        raise ValidationFailed.of("numbers", "uniqueItems", "List of items is not unique", value=numbers)
    document["numbers"] = numbers
    if document["flow"]:
        document["flow"] = validate_flow(document["flow"])
        if (path := certain_loop(document["flow"], callflow_id)) is not None:
            raise ValidationFailed.of(path, "loop", _("Calls would go round and round for ever"))
    return document


def _write_numbers(callflow: Callflow) -> None:
    """The rows that are looked up when a call comes in. Raises ValidationFailed where a number is taken."""
    mine = CallflowNumber.objects.filter(callflow_id=callflow.id)
    mine.exclude(number__in=callflow.numbers).delete()
    present = set(mine.values_list("number", flat=True))
    _refuse_taken(callflow)
    rows = [
        CallflowNumber(account_id=current_account_id(), number=number, callflow_id=callflow.id)
        for number in callflow.numbers
        if number not in present
    ]
    try:
        with transaction.atomic():
            CallflowNumber.objects.bulk_create(rows)
    except IntegrityError:
        _refuse_taken(callflow)
        raise
    answer_with(callflow.id, callflow.numbers)
    show_callflow(callflow)


def _refuse_taken(callflow: Callflow) -> None:
    taken = CallflowNumber.objects.filter(number__in=callflow.numbers).exclude(callflow_id=callflow.id).first()
    if taken is not None:
        holder = Callflow.objects.filter(id=taken.callflow_id).first()
        message = _("Number %(number)s exists in callflow %(callflow)s") % {
            "number": taken.number,
            "callflow": (holder and holder.name) or taken.callflow_id,
        }
        raise ValidationFailed.of("numbers", "unique", message, cause=taken.number)


def _refuse_ring_group(callflow: Callflow) -> None:
    keeper = RingGroup.objects.filter(callflow_id=callflow.id).first()
    if keeper is not None:
        raise Conflict(_("This callflow is kept by the ring group %(name)s: change that") % {"name": keeper.name})
