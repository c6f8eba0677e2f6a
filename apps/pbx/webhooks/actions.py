"""Every write of webhooks, and sending again."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.scope import account_scope, current_account_id, hold_account
from apps.foundation.audit.actions import record
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.foundation.kit.outbound import may_be_reached
from apps.pbx.webhooks.documents import WebhookDocument
from apps.pbx.webhooks.hooks import HOOKS
from apps.pbx.webhooks.models import OPEN, Attempt, Delivery, State, Webhook, new_delivery
from apps.pbx.webhooks.reactions import nudge_later
from apps.pbx.webhooks.signing import new_secret

#: How long the secret before still signs after a new one was made.
OVERLAP = timedelta(hours=24)
#: How long deliveries and attempts are kept, and how many are deleted in one statement.
KEPT, BATCH = timedelta(days=14), 5000
#: What was never sent, because the webhook was off, is given up after so long.
HELD = timedelta(hours=72)
MOST_WEBHOOKS = 200
_WORKS_AGAIN: dict[str, Any] = {
    "enabled": True,
    "failures": 0,
    "failing_since": None,
    "resting_until": None,
    "paused": None,
    "disable_reason": "",
}


@transaction.atomic
def create_webhook(document: dict[str, Any], principal: Principal) -> tuple[Webhook, str]:
    """The webhook and the secret it signs with, which is not told again. Raises ValidationFailed: an event there is
    not, an address that is not public, too many webhooks."""
    made = create_document(Webhook, _checked(document), principal)
    if Webhook.objects.count() > MOST_WEBHOOKS:
        raise ValidationFailed.of("name", "maximum", _("The account has too many webhooks"), target=MOST_WEBHOOKS)
    secret = new_secret()
    made.set_secret(secret)
    made.save(update_fields=["secret_encrypted"])
    return made, secret


@transaction.atomic
def replace_webhook(hook: Webhook, document: dict[str, Any], principal: Principal) -> Webhook:
    """Switching it on forgets its failures; switching it off is no pause: nothing is kept. Raises ValidationFailed."""
    was_on = hook.enabled
    document = _checked(document)
    if document["enabled"] and not was_on:
        _apply(hook, _WORKS_AGAIN)
        nudge_later()
    elif not document["enabled"] and was_on:
        _apply(hook, {**_WORKS_AGAIN, "enabled": False})
    return replace_document(hook, document, principal)


@transaction.atomic
def delete_webhook(hook: Webhook, principal: Principal, *, hard: bool = False) -> Webhook:
    """What was to be sent to it is not sent any more."""
    Delivery.objects.filter(hook_id=hook.id, state__in=OPEN).update(state=State.FAILED)
    return delete_document(hook, principal, hard=hard)


@transaction.atomic
def rotate_secret(hook: Webhook, principal: Principal) -> str:
    """A new secret, told once. The one before signs beside it for a day."""
    hold_account()
    secret = new_secret()
    hook.set_secret(secret, old_until=now() + OVERLAP)
    hook.save(update_fields=["secret_encrypted", "old_secret_encrypted", "old_secret_expires"])
    record(principal, "webhook.secret_rotated", "webhook", hook.id, {}, {})
    return secret


@transaction.atomic
def enable_paused(principal: Principal) -> int:
    """Switch on every webhook of the account that the system has switched off. Answers how many."""
    hold_account()
    paused = list(Webhook.objects.select_for_update().filter(enabled=False, paused__isnull=False))
    for hook in paused:
        before = hook.to_document()
        _apply(hook, _WORKS_AGAIN)
        hook.revision += 1
        hook.modified = now()
        hook.save()
        record(principal, "webhook.edited", "webhook", hook.id, before, hook.to_document())
        publish(DocumentChanged(hook.account_id, "doc_edited", "webhook", hook.id))
    if paused:
        nudge_later()
    return len(paused)


def enable_paused_below(account_ids: Iterable[str], principal: Principal) -> int:
    """The same in each of these accounts."""
    paused = Webhook.everywhere.filter(account_id__in=list(account_ids), paused__isnull=False, deleted=None)
    enabled = 0
    for account_id in sorted(set(paused.values_list("account_id", flat=True))):
        with account_scope(account_id):
            enabled += enable_paused(principal)
    return enabled


def replay_attempt(attempt: Attempt, principal: Principal) -> int:
    """Send once more what this attempt sent, whether it succeeded or not, under the same `webhook-id`."""
    return _replay(Delivery.objects.filter(id=attempt.delivery_id), principal, attempt.hook_id)


def replay_failed(hook: Webhook, since: datetime | None, principal: Principal) -> int:
    """Send once more whatever the webhook has not been told since then. Answers how many deliveries that are."""
    failed = Delivery.objects.filter(hook_id=hook.id, state=State.FAILED)
    return _replay(failed.filter(created__gte=since) if since else failed, principal, hook.id)


@transaction.atomic
def _replay(deliveries: Any, principal: Principal, hook_id: str) -> int:
    hold_account()
    moment = now()
    again = deliveries.exclude(state=State.SENDING).update(
        state=State.WAITING, due=moment, began=moment, tries=0, rounds=0
    )
    if again:
        record(principal, "webhook.replayed", "webhook", hook_id, {}, {"deliveries": again})
        nudge_later()
    return int(again)


@transaction.atomic
def send_once(target: dict[str, Any], payload: dict[str, Any]) -> str:
    """Tell an address that is no webhook, as a callflow's step does. Runs in the account's scope; answers the
    `webhook-id`. Not signed: there is no secret anybody knows."""
    hold_account()
    account_id = current_account_id()
    uid = f"{new_id()}_callflow"
    lane = f"callflow:{account_id}"
    new_delivery(account_id, uid, lane, "callflow", payload, target=target).save(force_insert=True)
    nudge_later()
    return uid


def forget() -> int:
    """Delete what is too old, and give up what a webhook that is off was not told. Answers how many rows went."""
    Delivery.everywhere.filter(state=State.WAITING, began__lt=now() - HELD).update(state=State.FAILED)
    gone = 0
    for model in (Attempt, Delivery):
        while True:
            old = model.everywhere.filter(created__lt=now() - KEPT).order_by("created").values("id")[:BATCH]
            deleted, _by_model = model.everywhere.filter(id__in=old).delete()
            gone += deleted
            if deleted < BATCH:
                break
    return gone


def check_address(uri: str) -> None:
    """Raises ValidationFailed for an address that is not public; names are looked up when they are used."""
    try:
        host = urlsplit(uri).hostname or ""
        private = host == "localhost" or not may_be_reached(str(ipaddress.ip_address(host)))
    except ValueError:
        return
    if private:
        raise ValidationFailed.of("uri", "forbidden", _("Only public addresses are called"), cause=uri)


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    document = validated(WebhookDocument, document)
    if document["hook"] not in HOOKS:
        message = _("Not one of the events there are; /v2/webhooks lists them")
        raise ValidationFailed.of("hook", "enum", message, target=list(HOOKS), cause=document["hook"])
    check_address(document["uri"])
    return document


def _apply(hook: Webhook, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(hook, name, value)
