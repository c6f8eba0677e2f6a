"""What the engine needs to know before the first step, read in one visit to the database."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from apps.commerce.limits.queries import may_start_call
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account
from apps.pbx.callflows.admission import denial_of
from apps.pbx.callflows.built_in import built_in_flow
from apps.pbx.callflows.emergency import is_emergency
from apps.pbx.callflows.models import Callflow
from apps.pbx.callflows.progress import Address, Place, Progress
from apps.pbx.callflows.queries import FoundFlow, find_flow
from apps.pbx.callflows.trace_rows import Trace, steps_so_far
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.dial_plans import rewritten
from apps.pbx.endpoints.queries import documents_of
from apps.pbx.media.music import hold_music
from apps.pbx.numbers.answering import home_region
from apps.pbx.numbers.classifiers import classifiers_of
from apps.pbx.recordings.applying import wanted_at_start
from apps.pbx.recordings.wanting import Wanted
from apps.switching.calls.dial_string import settable
from apps.switching.calls.port import CallKind

logger = logging.getLogger(__name__)
Node = Mapping[str, Any]
Refusal = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Ringback:
    """Media references: what the caller hears until the answer, and while a later transfer rings."""

    early: str = ""
    transfer: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """`refusal` is a SIP status and its words where no flow is to run; `prompt` what the caller is told first.
    `dialled` is the number the dial plan made of what was dialled."""

    flow: Node = field(default_factory=dict)
    preflow: Node | None = None
    preflow_id: str = ""
    callflow_id: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    ringback: Ringback = field(default_factory=Ringback)
    refusal: Refusal | None = None
    prompt: str = ""
    #: What rules have recorded from the beginning.
    recorded: tuple[Wanted, ...] = ()
    dialled: str = ""

    @property
    def place(self) -> Place:
        """The first node of the flow the call is for."""
        return Place(self.flow, self.callflow_id)


@dataclass(frozen=True, slots=True)
class Arrival:
    """The call as it comes. `callflow_id` as routing found it, empty for none.

    A carrier's call that one of the account's phones transferred comes as `internal`: the switch sends it to the
    dialplan of phones, which no INVITE of a carrier reaches. Its Referred-By, which anybody can write, says nothing.
    `is_allowed`: a flow of the account has dialled this number for the caller, whatever he may dial himself.
    `built_in` is the flow of ours that the call is for (see `built_in`), empty for none.
    `given` is a flow that is in no document, into which the system sent the call.
    `has_music`: the call came with its own music on hold.
    """

    dialled: str
    callflow_id: str
    authorizing_id: str
    call_kind: CallKind
    interaction_id: str
    is_allowed: bool = False
    built_in: str = ""
    given: Node | None = None
    has_music: bool = False


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a call goes on that another call server had: `here` and `returns` as they are now in the flows."""

    start: Start
    here: Place
    returns: tuple[Place, ...]
    steps: list[dict[str, Any]] = field(default_factory=list)


def look_up(arrival: Arrival) -> Start:
    """Find out what happens with a call of the scope's account.

    `no_match` is for the account's own phones, and for calls they transfer: a carrier's call must not go out again
    through it by itself.
    """
    account = current_account()
    if not account.enabled:
        return Start(refusal=(403, "Account Disabled"))
    if (ours := arrival.given or built_in_flow(arrival.built_in, arrival.dialled)) is not None:
        return Start(flow=ours, dialled=arrival.dialled)
    classifiers = classifiers_of(account) if arrival.call_kind == "internal" else ()
    emergency = is_emergency(arrival.dialled, home_region(account), classifiers)
    if arrival.call_kind == "internal" and not emergency:
        arrival = replace(arrival, dialled=_by_dial_plan(account, arrival))
        emergency = is_emergency(arrival.dialled, home_region(account), classifiers)
    verdict = may_start_call(arrival.call_kind, interaction_id=arrival.interaction_id, emergency=emergency)
    if not verdict.allowed:
        return Start(refusal=(486, f"Limit reached: {verdict.reason}"))
    found = found_for(arrival)
    if found is None:
        return Start(refusal=(404, "Not Found"))
    if arrival.call_kind == "internal" and not emergency and not arrival.is_allowed:
        on_net = not found.is_no_match
        denial = denial_of(account, arrival.dialled, arrival.authorizing_id, found.flow, classifiers, on_net=on_net)
        if denial is not None:
            logger.info("%s may not call %s: %s", arrival.authorizing_id, arrival.dialled, denial.why)
            return Start(refusal=(denial.code, denial.reason), prompt=denial.prompt)
    start = started(account, found)
    music = {} if arrival.has_music else hold_music(account, arrival.authorizing_id, "")
    recorded = wanted_at_start(account, arrival.call_kind, arrival.authorizing_id, leaves=found.is_no_match)
    return replace(start, variables={**start.variables, **music}, dialled=arrival.dialled, recorded=recorded)


def found_for(arrival: Arrival) -> FoundFlow | None:
    """The callflow that answers this call, None for none."""
    found = find_flow(arrival.dialled)
    if found is not None and (not found.is_no_match or _is_own(arrival)):
        return found
    routed = Callflow.objects.filter(id=arrival.callflow_id).first() if arrival.callflow_id else None
    return FoundFlow(routed) if routed is not None else None


def started(account: Account, found: FoundFlow) -> Start:
    """The flow of the call and what its channel is told of it."""
    callflow = found.callflow
    preflow_id, preflow = _preflow(account)
    named = {f"capture_group_{name}": value for name, value in found.capture_groups.items()}
    groups = settable({"capture_group": found.capture_group, **named}.items())
    return Start(
        flow=callflow.flow,
        preflow=preflow,
        preflow_id=preflow_id,
        callflow_id=callflow.id,
        variables={"callflow_id": callflow.id, **groups},
        ringback=_ringback(callflow),
    )


def take_up(progress: Progress, trace: Trace) -> Resumption | None:
    """Find the nodes again that `progress` names, and the steps that were kept. None where the flow the call is for is
    gone.

    A flow that was changed meanwhile may have no such node any more: the call begins again at the flow's root.
    """
    wanted = {progress.callflow_id, progress.here.callflow_id, *(one.callflow_id for one in progress.returns)}
    flows = {flow.id: flow for flow in Callflow.objects.filter(id__in=wanted)}
    main = flows.get(progress.callflow_id)
    if main is None:
        return None

    def find(address: Address) -> Place | None:
        flow = flows.get(address.callflow_id)
        return Place(flow.flow, flow.id).at(address.path) if flow is not None else None

    start = Start(flow=main.flow, callflow_id=main.id, variables={"callflow_id": main.id}, ringback=_ringback(main))
    returns = tuple(place for one in progress.returns if (place := find(one)) is not None)
    return Resumption(start, find(progress.here) or start.place, returns, steps_so_far(trace))


def flow_of(callflow_id: str) -> Node | None:
    """The tree of a callflow of the account, None where there is none."""
    found = Callflow.objects.filter(id=callflow_id).values_list("flow", flat=True).first()
    return found if isinstance(found, Mapping) else None


def _by_dial_plan(account: Account, arrival: Arrival) -> str:
    device = Device.objects.filter(id=arrival.authorizing_id).first() if arrival.authorizing_id else None
    documents = documents_of(account, device, device.owner_id or "" if device is not None else arrival.authorizing_id)
    return rewritten(arrival.dialled, (documents["device"], documents["user"], documents["account"]))


def _is_own(arrival: Arrival) -> bool:
    """Whether one of the account's own phones called, or sent the call here."""
    return arrival.call_kind == "internal" and bool(arrival.authorizing_id)


def _preflow(account: Account) -> tuple[str, Node | None]:
    preflow = account.document.get("preflow")
    always = preflow.get("always") if isinstance(preflow, Mapping) else None
    return (str(always), flow_of(str(always))) if always else ("", None)


def _ringback(callflow: Callflow) -> Ringback:
    found = callflow.document.get("ringback")
    ringback = found if isinstance(found, Mapping) else {}
    return Ringback(str(ringback.get("early") or ""), str(ringback.get("transfer") or ""))
