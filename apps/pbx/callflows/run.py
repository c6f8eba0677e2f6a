"""Running the flows of one call, step by step."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.clock import now
from apps.pbx.callflows.lookup import Resumption, Start, flow_of
from apps.pbx.callflows.progress import PAUSES, Node, Place, Progress, children_of, write_progress
from apps.pbx.callflows.registry import DEFAULT_CHILD, NO_DISPOSITION, AnyVerb, Branch, go_on, read_data, verbs
from apps.pbx.callflows.sounds import playable_or_none
from apps.pbx.callflows.trace_rows import Trace
from apps.pbx.callflows.tracing import tracer
from apps.pbx.metaflows.consulting import take_back
from apps.switching.calls.port import OWN_RINGBACK, Call, CallerHungUp

logger = logging.getLogger(__name__)
#: Steps of one call. More is taken for callflows that jump to one another for ever.
MOST_STEPS = 50
#: The channel variable with the call's first moment, in Unix milliseconds: it names the trace's row.
STARTED = "flow_started"


def trace_of(call: Call) -> Trace:
    """The call's trace, without the steps that are kept of an earlier visit (see `has_been_here`)."""
    noted = call.variables.get(STARTED, "")
    started = datetime.fromtimestamp(int(noted) / 1000, UTC) if has_been_here(call) else now()
    return Trace(
        call_id=call.uuid,
        account_id=call.account_id,
        started=started,
        interaction_id=call.interaction_id,
        caller_id_number=call.original_caller_id.number,
        destination=call.destination,
    )


def has_been_here(call: Call) -> bool:
    """Whether the call was in a flow before: it was transferred, or its call server was lost."""
    noted = call.variables.get(STARTED, "")
    return noted.isascii() and noted.isdigit() and len(noted) <= 13


@dataclass
class Run:
    """One call on its way. `steps` counts them; `returns` is where other flows come back to, innermost last."""

    call: Call
    start: Start
    trace: Trace
    steps: int = 0
    cause: str = ""
    returns: list[Place] = field(default_factory=list)
    _first: Place | None = None
    _resumed: int = 0
    _skips: bool = False
    _in_preflow: bool = False

    def __post_init__(self) -> None:
        before = dict(self.call.variables)
        self.trace.variables_now = lambda: {
            name: value for name, value in self.call.variables.items() if value and before.get(name) != value
        }

    def take_up(self, progress: Progress, found: Resumption, *, skips: bool) -> None:
        """Go on where another call server was. With `skips` behind that step, at its `_`."""
        self.steps, self.cause = max(0, progress.steps - 1), progress.cause
        self.returns, self._first = list(found.returns), found.here
        self.trace.steps = found.steps
        self._resumed, self._skips = progress.resumed + 1, skips
        self._in_preflow = progress.in_preflow

    async def to_the_end(self) -> str:
        """Run the flow in front of every call, then the flow of this one, then hang up. Returns the hangup cause."""
        await self.call.remember(await self._first_words())
        first, stopped = self._first, False
        if first is None and self.start.preflow:
            logger.info("call %s: preflow", self.call.uuid)
            first, self._in_preflow = Place(self.start.preflow, self.start.preflow_id), True
        if first is not None:
            stopped = await self._walk(first)
        if not stopped and (self._in_preflow or first is None):
            self._in_preflow = False
            logger.info("call %s: callflow %s", self.call.uuid, self.start.callflow_id)
            await self.call.set_variables(self.start.variables)
            await self._walk(self.start.place)
        cause = self._last_cause()
        await take_back(self.call)
        await self.call.hang_up(cause)
        return cause

    async def _first_words(self) -> dict[str, str]:
        words = {STARTED: str(int(self.trace.started.timestamp() * 1000)), **PAUSES}
        # What was asked for by an earlier flow of a transferred call holds no more.
        early = self.start.ringback.early
        later = self.call.variables.get(OWN_RINGBACK, "") or self.start.ringback.transfer
        inbound = self.call.call_kind == "inbound"
        words["early_ringback"] = await playable_or_none(self.call, early) if early and inbound else ""
        words["later_ringback"] = await playable_or_none(self.call, later) if later else ""
        return words

    async def _walk(self, place: Place | None) -> bool:
        """Step from node to node. True where the flow said that the call is done."""
        while place is not None:
            if self.steps >= MOST_STEPS:
                logger.warning("call %s: %d steps, taken for a loop", self.call.uuid, self.steps)
                self._note(place, Branch(stops=True, why=f"{MOST_STEPS} steps, taken for a loop"), "")
                return True
            self.steps += 1
            branch = await self._step(place)
            self.cause = branch.cause or self.cause
            if branch.stops:
                self._note(place, branch, "")
                return True
            place = await self._next(place, branch)
        return False

    async def _step(self, place: Place) -> Branch:
        node = place.node
        name, data = str(node.get("module", "")), node.get("data")
        resumed, self._resumed = self._resumed, 0
        verb = verbs().get(name)
        if verb is None:
            return go_on(why=f"there is no verb {name!r}")
        if self._skips:
            self._skips = False
            return go_on(why=f"the call server was lost {resumed} times here")
        await self.call.remember(self._progress(place, resumed))
        try:
            return await self._run_verb(verb, data if isinstance(data, Mapping) else {}, children_of(node), resumed)
        except CallerHungUp as gone:
            self._note(place, Branch(why=f"the call ended: {gone.cause or 'it went elsewhere'}"), "")
            raise
        except Exception as error:
            logger.exception("call %s: the verb %s failed", self.call.uuid, name)
            return go_on(why=f"the verb failed: {type(error).__name__}")

    async def _run_verb(self, verb: AnyVerb, data: Mapping[str, Any], children: Node, resumed: int) -> Branch:
        if data.get("skip_module") in (True, "true"):
            return go_on(why="skip_module")
        typed = read_data(verb, data, children)
        return await (verb.resume(self.call, typed) if resumed else verb.run(self.call, typed))

    def _progress(self, place: Place, resumed: int) -> dict[str, str]:
        progress = Progress(
            steps=self.steps,
            callflow_id=self.start.callflow_id,
            here=place.address,
            returns=tuple(one.address for one in self.returns),
            in_preflow=self._in_preflow,
            cause=self.cause,
            resumed=resumed,
        )
        # An earlier bridge's result would be taken for this step's; what a lost server's bridge left is read first.
        fresh = {} if resumed else {"originate_disposition": NO_DISPOSITION}
        return {**write_progress(progress), **fresh}

    async def _next(self, place: Place, branch: Branch) -> Place | None:
        if branch.flow is not None:
            self._note(place, branch, "what was fetched")
            return Place(branch.flow, place.callflow_id, place.path, is_guest=True)
        if branch.callflow_id:
            flow = await in_account(self.call.account_id, flow_of, branch.callflow_id)
            if flow is not None:
                if branch.comes_back and (back := place.child(DEFAULT_CHILD)) is not None:
                    self.returns.append(back)
                self._note(place, branch, f"callflow {branch.callflow_id}")
                return Place(flow, branch.callflow_id)
            branch = go_on(why=f"there is no callflow {branch.callflow_id}")
        for key in (*branch.keys, DEFAULT_CHILD):
            if (child := place.child(key)) is not None:
                self._note(place, branch, key)
                return child
        back = self.returns.pop() if self.returns else None
        self._note(place, branch, "the end" if back is None else "back")
        return back

    def _note(self, place: Place, branch: Branch, child: str) -> None:
        """Log the step and keep it in the trace. `child` is empty where the call is done."""
        module = place.node.get("module")
        logger.info(
            "call %s: step=%d verb=%s outcome=%r wanted=%s child=%r",
            self.call.uuid, self.steps, module, branch.why, ",".join(branch.keys) or "-", child or "none, it is done",
        )  # fmt: skip
        self.trace.steps.append({
            "at": int(now().timestamp() * 1000),
            "callflow_id": place.callflow_id,
            "path": list(place.path),
            "module": str(module or "")[:64],
            "outcome": branch.why[:256],
            "wanted": list(branch.keys),
            "child": child,
        })  # fmt: skip
        tracer().changed(self.trace)

    def _last_cause(self) -> str:
        if self.call.is_answered or not self.cause:
            return "NORMAL_CLEARING"
        return self.cause
