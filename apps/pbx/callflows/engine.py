"""The engine: finds the callflow for a call and runs it, verb by verb, until it ends.

A *node* is one `{"module", "data", "children"}` of a flow; a *step* is the running of one. After a step the call goes
on at the child the verb named, else at `_`; where there is neither, it is hung up with the last cause.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.scope import AccountUnknown
from apps.pbx.callflows.lookup import Arrival, Start, flow_of, look_up
from apps.pbx.callflows.registry import DEFAULT_CHILD, AnyVerb, Branch, go_on, read_data, verbs
from apps.switching.calls.port import Call, CallerHungUp

logger = logging.getLogger(__name__)
#: Steps of one call. More is taken for callflows that jump to one another for ever.
MOST_STEPS = 50
Node = Mapping[str, Any]


async def handle_call(call: Call) -> None:
    """Answer for one call, from its first moment to its end. Raises `CallerHungUp` when the caller ends it first."""
    try:
        start = await in_account(call.account_id, look_up, _arrival(call))
    except AccountUnknown:
        logger.warning("call %s: no account %r", call.uuid, call.account_id)
        await call.respond(404, "Not Found")
        return
    if start.refusal is not None:
        code, reason = start.refusal
        logger.info("call %s: refused with %d %s", call.uuid, code, reason)
        await call.respond(code, reason)
        return
    await _Run(call, start).to_the_end()


def _arrival(call: Call) -> Arrival:
    return Arrival(
        dialled=call.destination,
        callflow_id=call.variables.get("callflow_id", ""),
        authorizing_id=call.authorizing_id,
        call_kind=call.call_kind,
        interaction_id=call.interaction_id,
    )


@dataclass
class _Run:
    call: Call
    start: Start
    steps: int = 0
    cause: str = ""
    #: Where other flows come back to, innermost last.
    returns: list[Node] = field(default_factory=list)

    async def to_the_end(self) -> None:
        """Run the flow in front of every call, then the flow of this one, then hang up."""
        stopped = False
        if self.start.preflow:
            logger.info("call %s: preflow", self.call.uuid)
            stopped = await self._walk(self.start.preflow)
        if not stopped:
            logger.info("call %s: callflow %s", self.call.uuid, self.start.callflow_id)
            await self.call.set_variables(self.start.variables)
            await self._walk(self.start.flow)
        await self.call.hang_up(self._last_cause())

    async def _walk(self, node: Node | None) -> bool:
        """Step from node to node. True where the flow said that the call is done."""
        while node is not None:
            if self.steps >= MOST_STEPS:
                logger.warning("call %s: %d steps, taken for a loop", self.call.uuid, self.steps)
                return True
            self.steps += 1
            branch = await self._step(node)
            self.cause = branch.cause or self.cause
            if branch.stops:
                self._log(node, branch, "none, it is done")
                return True
            node = await self._next(node, branch)
        return False

    async def _step(self, node: Node) -> Branch:
        name, data = str(node.get("module", "")), node.get("data")
        verb = verbs().get(name)
        if verb is None:
            return go_on(why=f"there is no verb {name!r}")
        try:
            return await self._run_verb(verb, data if isinstance(data, Mapping) else {}, _children(node))
        except CallerHungUp:
            raise
        except Exception:
            logger.exception("call %s: the verb %s failed", self.call.uuid, name)
            return go_on(why="the verb failed")

    async def _run_verb(self, verb: AnyVerb, data: Mapping[str, Any], children: Node) -> Branch:
        if data.get("skip_module") in (True, "true"):
            return go_on(why="skip_module")
        return await verb.run(self.call, read_data(verb, data, children))

    async def _next(self, node: Node, branch: Branch) -> Node | None:
        if branch.callflow_id:
            flow = await in_account(self.call.account_id, flow_of, branch.callflow_id)
            if flow is not None:
                if branch.comes_back and (back := _child(node, DEFAULT_CHILD)) is not None:
                    self.returns.append(back)
                self._log(node, branch, "another callflow")
                return flow
            branch = go_on(why=f"there is no callflow {branch.callflow_id}")
        for key in (*branch.keys, DEFAULT_CHILD):
            if (child := _child(node, key)) is not None:
                self._log(node, branch, key)
                return child
        back = self.returns.pop() if self.returns else None
        self._log(node, branch, "the end" if back is None else "back")
        return back

    def _log(self, node: Node, branch: Branch, child: str) -> None:
        logger.info(
            "call %s: step=%d verb=%s outcome=%r wanted=%s child=%r",
            self.call.uuid, self.steps, node.get("module"), branch.why, ",".join(branch.keys) or "-", child,
        )  # fmt: skip

    def _last_cause(self) -> str:
        if self.call.is_answered or not self.cause:
            return "NORMAL_CLEARING"
        return self.cause


def _children(node: Node) -> Node:
    children = node.get("children")
    return children if isinstance(children, Mapping) else {}


def _child(node: Node, key: str) -> Node | None:
    child = _children(node).get(key)
    return child if isinstance(child, Mapping) else None
