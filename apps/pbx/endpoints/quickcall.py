"""Quick calls: a user's or device's phones ring, and who answers is connected to a number."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.kit.clock import now, to_gregorian
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.legs import Asking, Member, MemberType
from apps.pbx.endpoints.queries import resolve
from apps.switching.calls import commands, tasks
from apps.switching.calls.commands import NodeCommand
from apps.switching.calls.dial_string import display_text, shown_name
from apps.switching.registrar.models import Registration
from apps.switching.switches.models import NodeState, SwitchNode

SHORTEST_SECONDS, LONGEST_SECONDS = 3, 120


class NobodyToRing(Exception):
    """None of the phones is registered, or no switch is there. The text says which."""


@dataclass(frozen=True, slots=True)
class QuickCall:
    """`member_type` is device or user; `timeout` in seconds is how long the phones ring."""

    member_id: str
    member_type: MemberType
    number: str
    timeout: int = 30
    auto_answer: bool = False
    ignore_early_media: bool = True
    caller_name: str = ""
    caller_number: str = ""
    #: Whether it rings whatever do-not-disturb and forwarding say: whose phone it is has asked for it.
    insists: bool = False
    #: Further variables of the call.
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """`nodes` are those that can make it, the best one first; `timeout` in seconds."""

    nodes: list[str]
    command: NodeCommand
    timeout: int


def start_quickcall(wanted: QuickCall) -> str:
    """Ring the phones; the job's id. Raises NobodyToRing, and UnsafeValue for a number that cannot be dialled."""
    prepared = prepare_quickcall(wanted)
    job_id = str(uuid.uuid4())
    nodes, arguments, timeout = prepared.nodes, prepared.command.arguments, prepared.timeout
    transaction.on_commit(lambda: tasks.originate.delay(job_id, nodes, arguments, timeout))
    return job_id


def prepare_quickcall(wanted: QuickCall) -> PreparedCall:
    """What is to be sent to ring the phones. Raises as `start_quickcall`."""
    asking = Asking(dialled=wanted.number, direct=True, can_call_self=True, insists=wanted.insists)
    legs = resolve([Member(wanted.member_id, wanted.member_type)], asking).legs
    if not legs:
        raise NobodyToRing("none of the phones is registered")
    nodes = _nodes(wanted)
    if not nodes:
        raise NobodyToRing("no switch is connected")
    timeout = min(max(wanted.timeout, SHORTEST_SECONDS), LONGEST_SECONDS)
    return PreparedCall(nodes, commands.originate(legs, wanted.number, _variables(wanted, timeout)), timeout)


def _variables(wanted: QuickCall, timeout: int) -> dict[str, str]:
    owner = wanted.member_id
    if wanted.member_type == "device":
        owner = Device.objects.filter(id=wanted.member_id).values_list("owner_id", flat=True).first() or ""
    variables = {
        "account_id": current_account_id(),
        "authorizing_id": wanted.member_id,
        "authorizing_type": wanted.member_type,
        "owner_id": owner,
        "interaction_id": f"{to_gregorian(now())}-{secrets.token_hex(4)}",
        "call_kind": "internal",
        "export_vars": "account_id,authorizing_id,authorizing_type,owner_id,interaction_id,call_kind",
        # What the ringing phone shows, until the other side is on the line.
        "origination_caller_id_name": shown_name(wanted.caller_name) or wanted.number,
        "origination_caller_id_number": display_text(wanted.caller_number) or wanted.number,
        "originate_timeout": str(timeout),
        "ignore_early_media": "true" if wanted.ignore_early_media else "false",
        **wanted.variables,
    }
    if wanted.caller_name or wanted.caller_number:
        # The far end sees these as well: on the call that is dialled once the phone is answered.
        variables |= {
            "effective_caller_id_name": shown_name(wanted.caller_name) or display_text(wanted.caller_number),
            "effective_caller_id_number": display_text(wanted.caller_number),
            "caller_id_chosen": "true",
        }
    if wanted.auto_answer:
        variables |= {"sip_auto_answer": "true", "sip_h_Call-Info": "answer-after=0"}
    return variables


def _nodes(wanted: QuickCall) -> list[str]:
    """Nodes that are connected, those the phones are registered with first."""
    column = "device_id" if wanted.member_type == "device" else "owner_id"
    near = Registration.objects.filter(
        account_id=current_account_id(), expires__gt=now(), **{column: wanted.member_id}
    ).values_list("switch", flat=True)
    up = list(SwitchNode.objects.filter(state=NodeState.UP).values_list("name", flat=True))
    home = set(near)
    return sorted(up, key=lambda name: (name not in home, name))
