"""What callflows leave to be done in their own time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import shared_task

from apps.foundation.accounts.scope import account_scope, schema_scope
from apps.foundation.tenants.schemas import installed_schemas
from apps.pbx.callflows import emergency_mails, leftovers, missed_calls


@shared_task(name="callflows.mail_missed_call", autoretry_for=(OSError,), retry_backoff=True, max_retries=6)
def mail_missed_call(account_id: str, address: str, language: str, zone: str, call: Mapping[str, Any]) -> None:
    """Mail one person about a call nobody answered."""
    with account_scope(account_id):
        missed_calls.send_mail(address, language, zone, call)


@shared_task(name="callflows.mail_emergency_call", autoretry_for=(OSError,), retry_backoff=True, max_retries=6)
def mail_emergency_call(account_id: str, address: str, call: Mapping[str, Any]) -> None:
    """Mail one person that somebody called the emergency services."""
    with account_scope(account_id):
        emergency_mails.send_mail(address, call)


@shared_task(name="callflows.finish_left_over")
def finish_left_over() -> int:
    """Do what calls left to be done that ended while no call server had them. Answers how many calls there were."""
    finished = 0
    for schema in installed_schemas():
        with schema_scope(schema):
            waiting = leftovers.left_over()
        for account_id, trace_id in waiting:
            with account_scope(account_id):
                finished += leftovers.finish(trace_id)
    return finished
