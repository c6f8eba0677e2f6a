"""What callflows leave to be done in their own time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import shared_task

from apps.foundation.accounts.scope import account_scope
from apps.pbx.callflows import missed_calls


@shared_task(name="callflows.mail_missed_call", autoretry_for=(OSError,), retry_backoff=True, max_retries=6)
def mail_missed_call(account_id: str, address: str, language: str, zone: str, call: Mapping[str, Any]) -> None:
    """Mail one person about a call nobody answered."""
    with account_scope(account_id):
        missed_calls.send_mail(address, language, zone, call)
