"""What happens when a wake-up call's time has come. Everything runs inside the account's scope.

Whoever takes a call moves its `act_at` in the same transaction, so that of two that come at once one finds nothing to
do. What was taken and never rung, because the process ended in between, is rung when that moment has come; what may
have reached the switch is never rung a second time for the same attempt (see `apps.switching.calls.jobs`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account, current_account_id, hold_account
from apps.foundation.events.publishing import publish
from apps.foundation.kit.clock import now, to_gregorian
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import ensure_partition, first_of_month
from apps.pbx.wakeup_calls import progress
from apps.pbx.wakeup_calls.documents import RING_SECONDS
from apps.pbx.wakeup_calls.events import WakeupCallFact
from apps.pbx.wakeup_calls.models import Result, WakeupAttempt, WakeupCall, attempt_of
from apps.pbx.wakeup_calls.queries import zone_for
from apps.pbx.wakeup_calls.ringing import NotRung, ring

log = logging.getLogger(__name__)
#: So late a call is still made; later it is recorded as missed.
STILL_CALLED = timedelta(minutes=15)
#: How soon a call is taken up again that was taken and not rung.
LEASE = timedelta(seconds=60)
#: What an answered call may take to reach the call server, beyond the time it rings.
ANSWER_SECONDS = 20
#: When an account that is deleted is looked at again: it may be restored.
ABSENT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Answered:
    """`snooze_minutes` is 0 where it cannot be put off."""

    zone: ZoneInfo
    snooze_minutes: int


def due_calls(most: int) -> list[tuple[str, str]]:
    """`(account id, id)` of what is to be done now in the scope's schema, the longest due first. One look into an index
    that holds calls yet to come only: O(log of those + what is due)."""
    due = WakeupCall.across_accounts.filter(act_at__lte=now()).order_by("act_at")
    found = list(due.values_list("account_id", "id")[:most])
    present = set(Account.objects.filter(id__in={one for one, _ in found}, deleted=None).values_list("id", flat=True))
    absent = [identifier for account_id, identifier in found if account_id not in present]
    if absent:
        WakeupCall.across_accounts.filter(id__in=absent).update(act_at=now() + ABSENT)
    return [pair for pair in found if pair[0] in present]


def act(identifier: str) -> bool:
    """Do what is due for a call: ring, or see that nobody answered. Whether a phone was rung."""
    attempt_id = _take(identifier)
    return bool(attempt_id) and _ring(identifier, attempt_id)


@transaction.atomic
def _take(identifier: str) -> str:
    """The attempt that is to be rung, empty for none."""
    hold_account()
    moment = now()
    rows = WakeupCall.objects.select_for_update(skip_locked=True)
    call = rows.filter(id=identifier, act_at__lte=moment).first()
    if call is None:
        return ""
    return _silence(call, moment) if call.is_ringing else _begin(call, moment)


def _begin(call: WakeupCall, moment: datetime) -> str:
    planned = call.act_at or moment
    late = moment - planned > STILL_CALLED
    if late or not current_account().enabled:
        result, reason = (Result.MISSED, "") if late else (Result.FAILED, "the account is disabled")
        _note(call, moment, result, reason)
        _give_up(call, result, reason, moment)
        return ""
    attempt = _note(call, moment, Result.PLANNED)
    progress.begin(call, attempt.id, moment + LEASE)
    _save(call)
    return attempt.id


def _silence(call: WakeupCall, moment: datetime) -> str:
    attempt = attempt_of(call.attempt_id).first()
    if attempt is not None and attempt.result == Result.PLANNED:
        call.act_at = moment + LEASE
        _save(call)
        return attempt.id
    _set_result(call.attempt_id, Result.UNANSWERED)
    _try_again(call, Result.UNANSWERED, "", moment)
    return ""


def _ring(identifier: str, attempt_id: str) -> bool:
    call = WakeupCall.objects.filter(id=identifier, attempt_id=attempt_id).first()
    if call is None:
        return False
    try:
        # What has been begun before may be ringing: its time is waited for.
        return ring(call, lambda: _rings(identifier, attempt_id))
    except NotRung as why:
        _could_not_ring(identifier, attempt_id, str(why))
        return False


@transaction.atomic
def _rings(identifier: str, attempt_id: str) -> None:
    call = _held(identifier, attempt_id)
    if call is not None and call.is_ringing:
        _set_result(attempt_id, Result.RINGING)
        seconds = call.number("timeout", RING_SECONDS) + ANSWER_SECONDS
        call.act_at = now() + timedelta(seconds=seconds)
        _save(call)


@transaction.atomic
def _could_not_ring(identifier: str, attempt_id: str, why: str) -> None:
    call = _held(identifier, attempt_id)
    if call is not None and call.is_ringing:
        log.info("wake-up call %s: nobody is rung: %s", identifier, why)
        _set_result(attempt_id, Result.FAILED, why)
        _try_again(call, Result.FAILED, why, now())


@transaction.atomic
def answered(attempt_id: str, interaction_id: str) -> Answered:
    """Somebody has picked up: this time is over, whatever he does then. Safe to say twice."""
    hold_account()
    attempt = attempt_of(attempt_id).first()
    call = _held(attempt.wakeup_call_id, attempt_id) if attempt is not None else None
    if attempt is None or call is None:
        return Answered(ZoneInfo(current_account().timezone or "UTC"), 0)
    zone = zone_for(call)
    if call.attempt:
        attempt.result, attempt.interaction_id = Result.ANSWERED, interaction_id[:64]
        attempt.save(update_fields=["result", "interaction_id"])
        publish(_fact(call, "answered", Result.ANSWERED, attempt.due))
        progress.conclude(call, Result.ANSWERED, now())
        _save(call)
    return Answered(zone, progress.snooze_minutes(call))


@transaction.atomic
def confirmed(attempt_id: str) -> None:
    """He pressed a key."""
    _answer_again(attempt_id, Result.CONFIRMED)


@transaction.atomic
def snoozed(attempt_id: str) -> datetime | None:
    """He wants to be called again: the moment, None where that cannot be."""
    found = _answer_again(attempt_id, Result.SNOOZED)
    if found is None:
        return None
    call, attempt = found
    publish(_fact(call, "snoozed", Result.SNOOZED, attempt.due))
    return call.act_at


def _answer_again(attempt_id: str, result: Result) -> tuple[WakeupCall, WakeupAttempt] | None:
    """None where the call was changed, or begun anew, since it was answered."""
    hold_account()
    attempt = attempt_of(attempt_id).first()
    call = _held(attempt.wakeup_call_id, attempt_id) if attempt is not None else None
    if attempt is None or call is None or attempt.result != Result.ANSWERED:
        return None
    moment = now()
    if result is Result.SNOOZED:
        minutes = progress.snooze_minutes(call)
        if not minutes:
            return None
        progress.put_off(call, attempt.due, moment + timedelta(minutes=minutes))
    call.last_result = result
    _set_result(attempt_id, result)
    _save(call)
    return call, attempt


def _try_again(call: WakeupCall, result: Result, reason: str, moment: datetime) -> None:
    if progress.try_again(call, moment):
        _save(call)
    else:
        _give_up(call, result, reason, moment)


def _give_up(call: WakeupCall, result: Result, reason: str, moment: datetime) -> None:
    publish(_fact(call, "failed", result, call.due or moment, reason))
    progress.conclude(call, result, moment)
    _save(call)


def _held(identifier: str, attempt_id: str) -> WakeupCall | None:
    """The row, locked, as long as that is its last attempt."""
    found: WakeupCall | None = (
        WakeupCall.objects.select_for_update().filter(id=identifier, attempt_id=attempt_id).first()
    )
    return found


def _note(call: WakeupCall, moment: datetime, result: Result, reason: str = "") -> WakeupAttempt:
    ensure_partition(WakeupAttempt, moment)
    return WakeupAttempt.objects.create(
        id=monthly_id(moment),
        month=first_of_month(moment).date(),
        account_id=current_account_id(),
        wakeup_call_id=call.id,
        created=moment,
        due=call.due or moment,
        number=call.attempt + 1,
        result=result,
        reason=reason[:128],
    )


def _set_result(attempt_id: str, result: Result, reason: str = "") -> None:
    attempt_of(attempt_id).update(result=result, reason=reason[:128])


def _save(call: WakeupCall) -> None:
    call.revision += 1
    call.save(update_fields=WakeupCall.STATE)


def _fact(call: WakeupCall, name: str, result: Result, due: datetime, reason: str = "") -> WakeupCallFact:
    return WakeupCallFact(
        call.account_id,
        event_name=name,  # type: ignore[arg-type]
        id=call.id,
        name=call.name or "",
        device_id=call.device_id or "",
        owner_id=call.owner_id or "",
        due=to_gregorian(due),
        result=str(result.value),
        reason=reason,
        attempts=call.attempt,
    )
