"""Records that are no records: kept with the reason, tried again on demand, removed when they got in."""

from __future__ import annotations

import hashlib
import re

from django.db import transaction

from apps.commerce.cdrs.actions import record_legs
from apps.commerce.cdrs.legs import FinishedLeg, NotARecord
from apps.foundation.events.outbox import enqueue
from apps.interfaces.freeswitch.models import RefusedRecord
from apps.interfaces.freeswitch.records import read_record
from apps.pbx.recordings.actions import channel_ended
from apps.pbx.recordings.tasks import follow_transfer

#: Credentials of a carrier or a phone, and what a password could be guessed from, as variables of a leg and inside the
#: dial string of an application (`[^^~sip_auth_password=secret~…]`, percent-encoded or not).
_SECRETS = rb"sip_auth_(?:username|password|response|nonce|cnonce)"
_AS_VARIABLE = re.compile(rb'("(?:variable_)?' + _SECRETS + rb'"\s*:\s*")(?:[^"\\]|\\.)*', re.DOTALL)
_IN_DIAL_STRING = re.compile(rb"(" + _SECRETS + rb'(?:=|%3[Dd]))(?:(?!~|%7[EeDd]|%5[Dd]|%3[Ee])[^\]}>"])*')


def without_secrets(body: bytes) -> bytes:
    """A posted record, or anything else that was posted, as it may be stored and shown."""
    return _IN_DIAL_STRING.sub(rb"\1removed", _AS_VARIABLE.sub(rb"\1removed", body))


def keep_refused(node: str, call_id: str, problem: str, body: bytes) -> None:
    """Keep a body that could not be taken in, without its secrets; the same one again is the same row."""
    body = without_secrets(body)
    digest = hashlib.sha256(node.encode() + b"/" + body).hexdigest()
    values = {"switch": node[:64], "call_id": call_id[:64], "problem": problem[:255], "body": body}
    RefusedRecord.objects.update_or_create(digest=digest, defaults=values)


def take_in_now(body: bytes, node: str, call_id: str = "") -> bool:
    """Write one record, or keep it with the reason (False). Raises OperationalError where the database is away."""
    try:
        leg = read_record(body, node)
    except NotARecord as error:
        keep_refused(node, call_id, str(error), body)
        return False
    refused = record_legs([leg]) if leg else {}
    for refused_id, problem in refused.items():
        keep_refused(node, refused_id, problem, body)
    if leg is not None and not refused:
        _complete_recordings(leg)
    return not refused


def retry_refused(record: RefusedRecord) -> bool:
    """Try a kept record once more, after whatever kept it out was repaired. True when it got in and is gone here."""
    with transaction.atomic():
        if not take_in_now(bytes(record.body), record.switch, record.call_id):
            return False
        record.delete()
    return True


def record_batch(batch: list[tuple[FinishedLeg, bytes]]) -> None:
    """Write the records of these legs together, keeping those that are refused."""
    refused = record_legs(leg for leg, _ in batch)
    for leg, body in batch:
        if leg.call_id in refused:
            keep_refused(leg.switch, leg.call_id, refused[leg.call_id], body)
        else:
            _complete_recordings(leg)


def _complete_recordings(leg: FinishedLeg) -> None:
    """What was recorded of the leg is complete with it, whoever handled the call."""
    if recordings := leg.details.get("media_recordings"):
        if heir := leg.details.get("recorded_further"):
            enqueue(follow_transfer, leg.account_id, recordings, heir)
            return
        channel_ended(leg.account_id, recordings, was_answered=leg.answered is not None)
