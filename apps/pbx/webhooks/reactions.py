"""Who is told of an event, and writing down what is to be sent to him."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from apps.foundation.accounts.scope import current_account
from apps.foundation.events.reactions import Told, reacts_to
from apps.pbx.webhooks.hooks import payload_of, wants
from apps.pbx.webhooks.models import Delivery, new_delivery

#: Switched off by the system is still listening: what happens meanwhile is kept for when it is on again.
_LISTENING = """
    SELECT account.id, webhook.id, webhook.account_id, webhook.hook, webhook.document
    FROM public.accounts_account account
    JOIN public.webhooks_webhook webhook ON webhook.account_id = ANY (account.ancestors || account.id)
    WHERE account.id = ANY (%s) AND webhook.deleted IS NULL AND (webhook.enabled OR webhook.paused IS NOT NULL)
      AND (webhook.account_id = account.id OR webhook.include_subaccounts)
"""


@dataclass(frozen=True, slots=True)
class Listening:
    """A webhook that listens to an account: `account_id` is the webhook's own."""

    id: str
    account_id: str
    hook: str
    document: dict[str, Any]


def listening_to(account_ids: Iterable[str]) -> dict[str, list[Listening]]:
    """By account, its webhooks and those above that tell of subaccounts. One query, by the webhooks' index."""
    found: dict[str, list[Listening]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LISTENING, [list(account_ids)])
        for account_id, webhook_id, owner_id, hook, document in cursor.fetchall():
            found.setdefault(account_id, []).append(Listening(webhook_id, owner_id, hook, _as_dict(document)))
    return found


def wanted(events: Sequence[Told]) -> list[Told]:
    """Those of a transaction's events that somebody is told of."""
    listening = listening_to({event.account_id for event in events})
    return [event for event in events if any(_wants(one, event) for one in listening.get(event.account_id, ()))]


@reacts_to("webhooks", "", wanted=wanted)
def deliver(event: Told) -> None:
    """Write down who is to be told."""
    account = current_account()
    about = {"account_id": account.id, "reseller_id": account.reseller_id}
    found = listening_to([account.id]).get(account.id, [])
    rows = [
        new_delivery(
            one.account_id,
            f"{event.id}_{one.id}",
            one.id,
            one.hook,
            payload_of(one.hook, one.document, event.key, {**event.data, **about}),
            hook_id=one.id,
        )
        for one in found
        if _wants(one, event)
    ]
    if rows:
        Delivery.everywhere.bulk_create(rows, ignore_conflicts=True)
        nudge_later()


def nudge_later() -> None:
    """Have somebody send after the commit; the clock does where nobody does."""
    from apps.pbx.webhooks.tasks import nudge

    transaction.on_commit(nudge, robust=True)


def _wants(one: Listening, event: Told) -> bool:
    return wants(one.hook, one.document, event.key, event.data)


def _as_dict(document: Any) -> dict[str, Any]:
    """A raw cursor gives JSON as text."""
    import json

    found: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return found
