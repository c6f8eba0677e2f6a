"""How a wake-up call goes on: what each happening makes of the row. Nothing is saved here.

waiting until `act_at` ─ring→ ringing until `act_at` ─answered→ waiting for the next day, or over
      ↑                          │ not answered
      └──── a try is left ───────┴─── none is left: unanswered, or failed → waiting for the next day, or over
"""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.pbx.wakeup_calls.calendar import next_call
from apps.pbx.wakeup_calls.documents import RETRIES, RETRY_SECONDS, SNOOZE_MINUTES
from apps.pbx.wakeup_calls.models import Result, WakeupCall
from apps.pbx.wakeup_calls.queries import zone_for

#: Who puts it off that often is awake.
MOST_SNOOZES = 12


def plan(call: WakeupCall, after: datetime) -> None:
    """Begin anew with the first time that comes after this moment."""
    call.due = next_call(call.timing, after, zone_for(call)) if call.enabled and call.deleted is None else None
    call.act_at, call.is_ringing = call.due, False
    call.attempt, call.attempt_id, call.snoozes = 0, "", 0


def begin(call: WakeupCall, attempt_id: str, until: datetime) -> None:
    """It is being rung; without an answer `until` then it goes on."""
    if call.act_at == call.due:
        call.snoozes = 0
    call.attempt += 1
    call.attempt_id, call.is_ringing, call.act_at = attempt_id, True, until


def try_again(call: WakeupCall, moment: datetime) -> bool:
    """Nobody answered; False where no try is left."""
    if call.attempt > call.number("retries", RETRIES):
        return False
    call.is_ringing = False
    call.act_at = moment + timedelta(seconds=call.number("retry_interval", RETRY_SECONDS))
    return True


def conclude(call: WakeupCall, result: Result, moment: datetime) -> None:
    """This time is over, one way or the other. `attempt_id` stays, so that it can still be put off."""
    call.last_call, call.last_result = moment, result
    call.is_ringing, call.attempt = False, 0
    call.due = call.act_at = None
    if call.timing.is_once:
        call.enabled = False
    elif call.enabled:
        call.due = call.act_at = next_call(call.timing, moment, zone_for(call))


def snooze_minutes(call: WakeupCall) -> int:
    """What can be offered to whoever answered; 0 for nothing."""
    return call.number("snooze_minutes", SNOOZE_MINUTES) if call.snoozes < MOST_SNOOZES else 0


def put_off(call: WakeupCall, due: datetime, until: datetime) -> None:
    """It was answered and concluded, and is to ring again; it still is the call that was `due`."""
    call.due, call.act_at, call.enabled = due, until, True
    call.attempt, call.snoozes, call.last_result = 0, call.snoozes + 1, Result.SNOOZED
