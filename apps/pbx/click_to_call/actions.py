"""Every write of click to call, and using it."""

from __future__ import annotations

import logging
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import redis
from django.db import transaction

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id, hold_account
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.events.publishing import client
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now, to_gregorian
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import ensure_partition, first_of_month
from apps.foundation.kit.patterns import BadPattern, search
from apps.pbx.click_to_call.documents import OPEN_THROTTLE, ClickToCallDocument
from apps.pbx.click_to_call.models import ClickToCall, ConnectAttempt
from apps.pbx.endpoints import rules
from apps.pbx.endpoints.invite import custom_headers
from apps.pbx.endpoints.legs import EXPORTED, OWN_CALLS
from apps.pbx.media.music import HOLD_MUSIC, own_music
from apps.pbx.numbers.answering import as_number, home_region
from apps.pbx.numbers.classifiers import EMERGENCY, classifiers_of, classify
from apps.switching.calls import commands, tasks
from apps.switching.calls.dial_string import Leg, Redial, display_text, settable, shown_name
from apps.switching.calls.port import OWN_RINGBACK
from apps.switching.presence.actions import write_lines
from apps.switching.switches.models import NodeState, SwitchNode

log = logging.getLogger(__name__)
WINDOW_SECONDS = 60


class NotConnected(Exception):
    """No call was made: `reason` is throttle, whitelist, restricted, emergency or no_switch."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Connecting:
    """A call that is being made: its job, and what its call records will name."""

    job_id: str
    interaction_id: str


@transaction.atomic
def create_click_to_call(document: dict[str, Any], principal: Principal) -> ClickToCall:
    made = create_document(ClickToCall, validated(ClickToCallDocument, document), principal)
    _show(made)
    return made


@transaction.atomic
def replace_click_to_call(instance: ClickToCall, document: dict[str, Any], principal: Principal) -> ClickToCall:
    replaced = replace_document(instance, validated(ClickToCallDocument, document), principal)
    _show(replaced)
    return replaced


@transaction.atomic
def delete_click_to_call(instance: ClickToCall, principal: Principal, *, hard: bool = False) -> ClickToCall:
    write_lines(instance.account_id, instance.id, ())
    return delete_document(instance, principal, hard=hard)


def _show(instance: ClickToCall) -> None:
    """The lamp of `presence_id` shows its calls."""
    lamp = str(instance.document.get("presence_id") or "").partition("@")[0]
    write_lines(instance.account_id, instance.id, [(instance.id, lamp)])


def connect(instance: ClickToCall, contact: str, client_ip: str) -> Connecting:
    """Ring the one who is first, then connect him with the other. Raises NotConnected, and UnsafeValue for what cannot
    be dialled. Every use is kept, also one that is refused."""
    interaction = f"{to_gregorian(now())}-{secrets.token_hex(4)}"
    try:
        _refuse(instance, contact)
        job = _start(instance, contact, interaction)
    except NotConnected as refused:
        _note(instance, contact, client_ip, "", refused.reason)
        raise
    _note(instance, contact, client_ip, interaction, "")
    return Connecting(job, interaction)


def _refuse(instance: ClickToCall, contact: str) -> None:
    document = instance.document
    limit = document.get("throttle") or (None if document.get("auth_required", True) else OPEN_THROTTLE)
    if limit is not None and _uses(instance.id) > int(limit):
        raise NotConnected("throttle")
    whitelist = document.get("whitelist") or []
    if whitelist and not any(_fits(pattern, contact) for pattern in whitelist):
        raise NotConnected("whitelist")
    account = Account.objects.get(id=current_account_id())
    found = classify(as_number(contact, home_region(account)) or contact, classifiers_of(account))
    if found.name == EMERGENCY:
        raise NotConnected("emergency")
    if rules.restriction(found.name, account=account.document, users=(), device={}):
        raise NotConnected("restricted")


def _uses(identifier: str) -> int:
    """How often it was used in this minute, this time included. Where Valkey is away nothing is counted."""
    key = f"kazoo:clicktocall:{identifier}"
    try:
        with client().pipeline() as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, WINDOW_SECONDS, nx=True)
            return int(pipeline.execute()[0])
    except redis.RedisError:
        log.warning("uses of a click to call cannot be counted", exc_info=True)
        return 0


def _fits(pattern: str, contact: str) -> bool:
    try:
        return search(pattern, contact) is not None
    except BadPattern:
        return False


def _start(instance: ClickToCall, contact: str, interaction: str) -> str:
    document = instance.document
    extension = str(document["extension"])
    first, second = (contact, extension) if document.get("dial_first") == "contact" else (extension, contact)
    nodes = list(SwitchNode.objects.filter(state=NodeState.UP).order_by("name").values_list("name", flat=True))
    if not nodes:
        raise NotConnected("no_switch")
    variables = _variables(instance, second, interaction)
    leg = Leg(Redial(first, OWN_CALLS), variables={"loopback_export": EXPORTED, **settable(_headers(document).items())})
    timeout = int(document.get("timeout") or 30)
    command = commands.originate([leg], second, variables | {"originate_timeout": str(timeout)})
    job_id = str(uuid.uuid4())
    transaction.on_commit(lambda: tasks.originate.delay(job_id, nodes, command.arguments, timeout))
    return job_id


def _headers(document: dict[str, Any]) -> dict[str, str]:
    return custom_headers({"custom_sip_headers": document.get("custom_sip_headers") or {}})


def _variables(instance: ClickToCall, second: str, interaction: str) -> dict[str, str]:
    document = instance.document
    shown = str(document.get("outbound_callee_id_number") or second)
    media = document.get("media") or {}
    variables = {
        "account_id": current_account_id(),
        "authorizing_id": instance.id,
        "authorizing_type": "clicktocall",
        "interaction_id": interaction,
        "call_kind": "internal",
        "export_vars": "account_id,authorizing_id,authorizing_type,interaction_id,call_kind",
        "origination_caller_id_name": shown_name(str(document.get("outbound_callee_id_name") or instance.name)),
        "origination_caller_id_number": display_text(shown),
        "ignore_early_media": "true" if media.get("ignore_early_media", True) else "false",
    }
    if number := document.get("caller_id_number"):
        variables |= {"effective_caller_id_number": display_text(str(number)), "caller_id_chosen": "true"}
    own = {f"cav_{name}": str(value) for name, value in (document.get("custom_application_vars") or {}).items()}
    sounds = {OWN_RINGBACK: str(document.get("ringback") or ""), HOLD_MUSIC: own_music(document)}
    return variables | settable({**own, **sounds}.items())


@transaction.atomic
def _note(instance: ClickToCall, contact: str, client_ip: str, interaction: str, refusal: str) -> None:
    hold_account()
    moment = now()
    ensure_partition(ConnectAttempt, moment)
    ConnectAttempt.objects.create(
        id=monthly_id(moment),
        month=first_of_month(moment).date(),
        account_id=current_account_id(),
        click_to_call_id=instance.id,
        created=moment,
        contact=contact[:64],
        extension=str(instance.document.get("extension") or "")[:64],
        client_ip=client_ip[:45],
        interaction_id=interaction,
        refusal=refusal,
    )
