"""What follows from an attempt: the log, the next try, and switching off a webhook that fails and fails.

A failed request is made again `retries` times within seconds, then once in a round after each of longer and longer
pauses, for `retry_hours`. A webhook that failed several times in a row rests a while as a whole, so that an address
that answers nobody costs little; one that has failed for `LONGEST_RUN` is paused.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.foundation.accounts.scope import AccountElsewhere, AccountUnknown, account_scope
from apps.foundation.audit.actions import record
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.outbox import enqueue
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.pbx.webhooks.documents import RETRIES
from apps.pbx.webhooks.models import Attempt, Delivery, State, Webhook
from apps.pbx.webhooks.sending import Outcome

#: Seconds before the tries of a round, doubled each time, and before each further round; the last pause repeats.
QUICK, PAUSES = 2, (60, 300, 1800, 7200, 18_000, 36_000)
#: Failed attempts in a row after which a webhook rests; 1 s, doubled with each further one up to the longest. Seconds.
PATIENCE, LONGEST_REST, LONGEST_ASKED = 3, 300, 3600
#: A run of failures of at least so many attempts and so long has the webhook paused.
MOST_FAILURES, LONGEST_RUN = 6, timedelta(minutes=30)


@transaction.atomic
def note(delivery_id: str, uri: str, document: Mapping[str, Any], outcome: Outcome) -> None:
    """Write down how an attempt went and what is next. `document` is the webhook's, or the delivery's target."""
    delivery = Delivery.everywhere.select_for_update().filter(id=delivery_id, state=State.SENDING).first()
    if delivery is None:
        return  # forgotten, or replayed meanwhile
    moment = now()
    delivery.attempts += 1
    delivery.tries += 1
    retries_left = 0
    if outcome.succeeded:
        delivery.state = State.DELIVERED
    else:
        retries_left = _plan(delivery, document, moment)
    delivery.save(update_fields=["state", "attempts", "tries", "rounds", "due"])
    _log(delivery, uri, outcome, retries_left)
    if delivery.hook_id:
        _count(delivery.hook_id, outcome, moment)


def _plan(delivery: Delivery, document: Mapping[str, Any], moment: datetime) -> int:
    """The next try. Answers how many there are left within seconds."""
    left = max(0, int(document.get("retries", RETRIES)) + 1 - delivery.tries)
    if delivery.rounds == 0 and left:
        delivery.state, delivery.due = State.WAITING, moment + _jittered(QUICK * 2 ** (delivery.tries - 1))
        return left
    pause = _jittered(PAUSES[min(delivery.rounds, len(PAUSES) - 1)])
    ends = delivery.began + timedelta(hours=int(document.get("retry_hours", 0)))
    delivery.rounds += 1
    delivery.state = State.WAITING if moment + pause <= ends else State.FAILED
    delivery.due = moment + pause
    return 0


def _jittered(seconds: float) -> timedelta:
    """Up to half as long again, so that what failed together does not come back together."""
    return timedelta(seconds=seconds * random.uniform(1, 1.5))  # noqa: S311 - no secret


def _log(delivery: Delivery, uri: str, outcome: Outcome, retries_left: int) -> None:
    Attempt.everywhere.create(
        account_id=delivery.account_id,
        delivery_id=delivery.id,
        uid=delivery.uid,
        hook_id=delivery.hook_id,
        hook=delivery.hook,
        uri=uri,
        succeeded=outcome.succeeded,
        response_code=outcome.status or None,
        response_body=outcome.body,
        client_error=outcome.error,
        milliseconds=outcome.milliseconds,
        retries_left=retries_left,
    )


def _count(hook_id: str, outcome: Outcome, moment: datetime) -> None:
    mine = Webhook.everywhere.filter(id=hook_id, deleted=None)
    if outcome.succeeded:
        mine.filter(failures__gt=0).update(failures=0, failing_since=None, resting_until=None)
        return
    mine.update(failures=F("failures") + 1)
    hook = mine.first()
    if hook is None or not hook.enabled:
        return
    since = hook.failing_since or moment
    rest = min(2 ** max(0, min(hook.failures - PATIENCE, 20)), LONGEST_REST) if hook.failures >= PATIENCE else 0
    rest = max(rest, min(outcome.rest, LONGEST_ASKED))
    until = moment + _jittered(rest) if rest else hook.resting_until
    mine.update(failing_since=since, resting_until=until)
    if outcome.is_gone:
        pause(hook, "the receiver answered 410: it is gone")
    elif hook.failures >= MOST_FAILURES and moment - since >= LONGEST_RUN:
        why = outcome.error or f"the receiver answered {outcome.status}"
        pause(hook, f"{hook.failures} attempts in a row have failed; the last: {why}"[:255])


def pause(hook: Webhook, reason: str) -> None:
    """Switch a webhook off and have the account's administrators told. What happens meanwhile is kept."""
    changed = Webhook.everywhere.filter(id=hook.id, enabled=True).update(
        enabled=False, paused=now(), disable_reason=reason, revision=F("revision") + 1
    )
    if not changed:
        return
    try:
        with account_scope(hook.account_id):
            after = {"enabled": False, "disable_reason": reason}
            record(system_principal(hook.account_id), "webhook.paused", "webhook", hook.id, {"enabled": True}, after)
            publish(DocumentChanged(hook.account_id, "doc_edited", "webhook", hook.id))
            from apps.pbx.webhooks.tasks import tell_paused

            enqueue(tell_paused, hook.account_id, hook.id)
    except (AccountUnknown, AccountElsewhere):
        return
