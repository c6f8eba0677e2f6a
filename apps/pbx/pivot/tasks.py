"""Sending call records to customers' servers."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from celery import shared_task

from apps.foundation.kit.outbound import Limits, NotReachable, send

log = logging.getLogger(__name__)
LIMITS = Limits(seconds=15, size=64 * 1024)


class NotTaken(Exception):
    """The server did not take the record; it is tried again."""


@shared_task(name="pivot.send_record", autoretry_for=(NotTaken,), retry_backoff=30, max_retries=5)
def send_record(account_id: str, url: str, record: Mapping[str, str]) -> None:
    """POST a call's record as a form. Tried for some hours."""
    from urllib.parse import urlencode

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        answer = send("POST", url, content=urlencode(dict(record)).encode(), headers=headers, limits=LIMITS)
    except NotReachable as error:
        log.warning("account %s: the record was not sent to %s: %s", account_id, url[:200], error)
        raise NotTaken(str(error)) from error
    if not answer.is_success:
        raise NotTaken(f"the server answered {answer.status_code}")
