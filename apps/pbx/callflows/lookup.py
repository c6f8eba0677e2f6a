"""What the engine needs to know before the first step, read in one visit to the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.commerce.limits.queries import may_start_call
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.pbx.callflows.emergency import is_emergency
from apps.pbx.callflows.models import Callflow
from apps.pbx.callflows.queries import find_flow
from apps.pbx.numbers.answering import home_region
from apps.switching.calls.port import CallKind

Node = Mapping[str, Any]
Refusal = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Start:
    """`refusal` is a SIP status and its words where no flow is to run."""

    flow: Node = field(default_factory=dict)
    preflow: Node | None = None
    callflow_id: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """The call as it comes. `callflow_id` as routing found it, empty for none."""

    dialled: str
    callflow_id: str
    authorizing_id: str
    call_kind: CallKind
    interaction_id: str


def look_up(arrival: Arrival) -> Start:
    """Find out what happens with a call of the scope's account.

    `no_match` is for the account's own phones: a carrier's call must not go out again through it.
    """
    account = Account.objects.get(id=current_account_id())
    if not account.enabled:
        return Start(refusal=(403, "Account Disabled"))
    emergency = is_emergency(arrival.dialled, home_region(account))
    verdict = may_start_call(arrival.call_kind, interaction_id=arrival.interaction_id, emergency=emergency)
    if not verdict.allowed:
        return Start(refusal=(486, f"Limit reached: {verdict.reason}"))
    found = find_flow(arrival.dialled)
    own_phone = arrival.call_kind == "internal" and bool(arrival.authorizing_id)
    if found is not None and (own_phone or not found.is_no_match):
        return _started(account, found.callflow, found.capture_group)
    routed = Callflow.objects.filter(id=arrival.callflow_id).first() if arrival.callflow_id else None
    return _started(account, routed, "") if routed is not None else Start(refusal=(404, "Not Found"))


def _started(account: Account, callflow: Callflow, capture_group: str) -> Start:
    return Start(
        flow=callflow.flow,
        preflow=_preflow(account),
        callflow_id=callflow.id,
        variables={"callflow_id": callflow.id, "capture_group": capture_group},
    )


def flow_of(callflow_id: str) -> Node | None:
    """The tree of a callflow of the account, None where there is none."""
    found = Callflow.objects.filter(id=callflow_id).values_list("flow", flat=True).first()
    return found if isinstance(found, Mapping) else None


def _preflow(account: Account) -> Node | None:
    preflow = account.document.get("preflow")
    always = preflow.get("always") if isinstance(preflow, Mapping) else None
    return flow_of(str(always)) if always else None
