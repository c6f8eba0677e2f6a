"""What the engine needs to know before the first step, read in one visit to the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.pbx.callflows.models import Callflow
from apps.pbx.callflows.queries import find_flow

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


def look_up(dialled: str, callflow_id: str, authorizing_id: str, call_kind: str) -> Start:
    """Find out what happens with a call of the scope's account. `callflow_id` as routing found it, empty for none.

    `no_match` is for the account's own phones: a carrier's call must not go out again through it.
    """
    account = Account.objects.get(id=current_account_id())
    if not account.enabled:
        return Start(refusal=(403, "Account Disabled"))
    found = find_flow(dialled)
    if found is not None and (not found.is_no_match or (call_kind == "internal" and authorizing_id)):
        return _started(account, found.callflow, found.capture_group)
    routed = Callflow.objects.filter(id=callflow_id).first() if callflow_id else None
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
