"""A disabled account's calls end, and its phones are forgotten; so are those of every account below it.

The nodes are told at once, over the switch process. A worker then makes sure of it, and looks a second time for calls
that began while the account was being disabled.
"""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import transaction
from django.db.models import Q

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import is_suspended
from apps.foundation.events.outbox import enqueue
from apps.switching.calls import commands
from apps.switching.calls.commands import NodeCommand
from apps.switching.calls.models import LiveChannel
from apps.switching.esl.errors import EslError
from apps.switching.registrar.models import Registration
from apps.switching.switches.lines import UnknownNode, run_api
from apps.switching.switches.orders import tell_every_node

log = logging.getLogger(__name__)

#: A call that began meanwhile is heard of within this time. Seconds.
SECOND_LOOK = 3


def suspend_account(account: Account) -> None:
    """To be called in the transaction; what it does waits for the commit."""
    transaction.on_commit(lambda: _tell_nodes(account.id), robust=True)
    enqueue(end_calls_below, account.id)
    enqueue(end_calls_below, account.id, in_seconds=SECOND_LOOK)
    enqueue(flush_registrations_below, account.id)


def _tell_nodes(account_id: str) -> None:
    # The answers about phones are cached on the nodes; those of a whole subtree are not worth naming one by one.
    tell_every_node("xml_flush_cache")
    for busy in _busy_accounts(account_id):
        tell_every_node(*commands.HANG_UP_ACCOUNT, busy)


@shared_task(name="calls.end_calls_below", autoretry_for=(EslError,), retry_backoff=True, max_retries=8)
def end_calls_below(account_id: str) -> None:
    """Hang up every call of a suspended account and of those below it. Does nothing where it was enabled again."""
    if _is_suspended(account_id):
        legs = LiveChannel.objects.filter(_below(account_id))
        for node, busy in legs.values_list("switch", "account_id").order_by().distinct():
            _run(node, commands.hang_up_account(busy))


@shared_task(name="calls.flush_registrations_below", autoretry_for=(EslError,), retry_backoff=True, max_retries=8)
def flush_registrations_below(account_id: str) -> None:
    """Forget the contacts of a suspended account and of those below it. Does nothing where it was enabled again."""
    if _is_suspended(account_id):
        phones = Registration.objects.filter(_below(account_id))
        for node, realm in phones.values_list("switch", "realm").order_by().distinct():
            _run(node, commands.flush_realm(realm))


def _busy_accounts(account_id: str) -> list[str]:
    """The account and those below it that have calls now."""
    legs = LiveChannel.objects.filter(_below(account_id))
    return list(legs.values_list("account_id", flat=True).order_by().distinct())


def _is_suspended(account_id: str) -> bool:
    account = Account.objects.filter(id=account_id).first()
    return account is None or account.deleted is not None or is_suspended(account)


def _below(account_id: str) -> Q:
    return Q(account_id__in=Account.objects.subtree(account_id).order_by().values("id"))


def _run(node: str, command: NodeCommand) -> None:
    try:
        run_api(node, command.name, command.arguments)
    except UnknownNode:
        log.info("%s is no node any more", node)
