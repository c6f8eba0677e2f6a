"""Calling somebody about new messages, as `notify.callback` of a mailbox says. Runs inside `account_scope`."""

from __future__ import annotations

import logging
import secrets
import uuid
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.kit.clock import now, to_gregorian
from apps.pbx.callflows.queries import find_flow
from apps.pbx.endpoints.legs import EXPORTED, OWN_CALLS
from apps.pbx.voicemail.documents import BoxDocument, Callback
from apps.pbx.voicemail.models import Box, Folder, in_month_of
from apps.pbx.voicemail.queries import counts_of
from apps.switching.calls import commands, jobs
from apps.switching.calls.dial_string import Leg, Redial, UnsafeValue, display_text, shown_name
from apps.switching.calls.tasks import originate
from apps.switching.switches.models import NodeState, SwitchNode

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that is being made, and in how many seconds to look again."""

    job_id: str
    next_in: int


def box_to_call_for(message_id: str) -> str:
    """The box whose owner is to be called about this message, empty for none."""
    message = in_month_of(message_id).first()
    if message is None or message.folder != Folder.NEW:
        return ""
    box = Box.objects.filter(id=message.box_id).first()
    return box.id if box is not None and _callback(box) is not None else ""


def call(box_id: str, attempt: int, job_id: str) -> Begun | None:
    """Make the next call; None where there is nothing left to do. `job_id` is the call before."""
    box = Box.objects.filter(id=box_id).first()
    wanted = _callback(box) if box is not None else None
    if box is None or wanted is None or not counts_of(box_id).new:
        return None
    outcome = jobs.outcome_of(job_id) if job_id else None
    if (outcome is not None and outcome.ok) or attempt > wanted.attempts:
        return None
    pauses = wanted.schedule or []
    pause = pauses[attempt - 1] if attempt <= len(pauses) else wanted.interval_s
    return Begun(_start(box, wanted), wanted.timeout_s + pause)


def _callback(box: Box) -> Callback | None:
    notify = BoxDocument.model_validate(box.to_document()).notify
    found = notify.callback if notify is not None else None
    return found if found is not None and not found.disabled and found.number else None


def _listening_number(box: Box) -> str:
    """What leads to the box's messages; the PIN is asked of whoever answers."""
    for number in (f"*98{box.mailbox}", "*98", "*97"):
        found = find_flow(number)
        if found is not None and not found.is_no_match:
            return number
    return ""


def _start(box: Box, wanted: Callback) -> str:
    job_id = str(uuid.uuid4())
    nodes = list(SwitchNode.objects.filter(state=NodeState.UP).order_by("name").values_list("name", flat=True))
    listening = _listening_number(box)
    if not nodes or not listening:
        log.warning("mailbox %s: nobody is called: no %s", box.id, "code to listen" if nodes else "switch")
        return job_id
    variables = {
        "account_id": current_account_id(),
        "authorizing_id": box.id,
        "authorizing_type": "vmbox",
        "interaction_id": f"{to_gregorian(now())}-{secrets.token_hex(4)}",
        "call_kind": "internal",
        "export_vars": "account_id,authorizing_id,authorizing_type,interaction_id,call_kind",
        "origination_caller_id_name": shown_name(box.name),
        "origination_caller_id_number": display_text(box.mailbox),
        "originate_timeout": str(wanted.timeout_s),
        "ignore_early_media": "true",
    }
    leg = Leg(Redial(wanted.number or "", OWN_CALLS), variables={"loopback_export": EXPORTED})
    try:
        command = commands.originate([leg], listening, variables)
    except UnsafeValue as error:
        log.warning("mailbox %s: %r cannot be called: %s", box.id, wanted.number, error)
        return job_id
    transaction.on_commit(partial(originate.delay, job_id, nodes, command.arguments, wanted.timeout_s))
    return job_id
