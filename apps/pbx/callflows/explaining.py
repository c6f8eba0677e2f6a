"""What would happen to a call, without one: the flow is walked, and every verb asked where calls go on from it.

Where several things can happen (somebody answers or nobody does) each way is followed. A step that is reached whatever
happens is `certain`; every other says `when` it is reached.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.commerce.limits.queries import may_start_call
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.emergency import is_emergency
from apps.pbx.callflows.lookup import Arrival, Start, flow_of, found_for, started
from apps.pbx.callflows.models import Callflow
from apps.pbx.callflows.progress import Place, children_of
from apps.pbx.callflows.queries import FoundFlow
from apps.pbx.callflows.registry import DEFAULT_CHILD, Branch, go_on, read_data, verbs
from apps.pbx.callflows.run import MOST_STEPS
from apps.pbx.numbers.answering import home_region

log = logging.getLogger(__name__)
#: Steps of an explanation; with many menus the ways multiply.
MOST_EXPLAINED = 300


@dataclass
class Explanation:
    """`verdict` is why no flow is run at all, empty where one is."""

    verdict: str = ""
    callflow_id: str = ""
    matched: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = True

    def as_document(self, asking: Asking) -> dict[str, Any]:
        return {
            "from": asking.caller_number,
            "to": asking.destination,
            "at": f"{asking.at:%Y-%m-%dT%H:%M:%SZ}",
            "call_kind": asking.call_kind,
            "verdict": self.verdict or _("The call is answered by a callflow"),
            "refused": bool(self.verdict),
            "callflow_id": self.callflow_id or None,
            "matched": self.matched or None,
            "steps": self.steps,
            "complete": self.complete,
        }


def explain_call(asking: Asking) -> Explanation:
    """What happens with a call to `asking.destination` in the scope's account."""
    account = Account.objects.get(id=current_account_id())
    if not account.enabled:
        return Explanation(_("The account is disabled"))
    emergency = is_emergency(asking.destination, home_region(account))
    verdict = may_start_call(asking.call_kind, interaction_id="", emergency=emergency)
    if not verdict.allowed:
        return Explanation(_("The limit %(limit)s is reached now") % {"limit": verdict.reason})
    found = found_for(Arrival(asking.destination, "", asking.authorizing_id, asking.call_kind, interaction_id=""))
    if found is None:
        return Explanation(_("No callflow answers this: the caller hears that the number does not exist (404)"))
    asking.capture_group = found.capture_group
    explanation = Explanation(callflow_id=found.callflow.id, matched=found.number)
    _Walk(asking, explanation).start(started(account, found))
    return explanation


def explain_callflow(callflow: Callflow, asking: Asking) -> Explanation:
    """What happens with a call that is in this callflow, whatever was dialled."""
    account = Account.objects.get(id=current_account_id())
    explanation = Explanation(callflow_id=callflow.id)
    _Walk(asking, explanation).start(started(account, FoundFlow(callflow)))
    return explanation


@dataclass
class _Walk:
    asking: Asking
    explanation: Explanation

    def start(self, start: Start) -> None:
        if start.preflow:
            first = Place(start.preflow, start.preflow_id)
            self._visit(first, (start.place,), None, _("The account's callflow in front of every call"), True, 1)
        else:
            self._visit(start.place, (), None, _("The callflow begins"), True, 1)

    def _visit(
        self, place: Place, returns: tuple[Place, ...], after: int | None, when: str, certain: bool, depth: int
    ) -> None:
        """Add this step and those it leads to. `after` is the number of the step before."""
        steps = self.explanation.steps
        if len(steps) >= MOST_EXPLAINED or depth > MOST_STEPS:
            self.explanation.complete = False
            return
        branches = self._branches(place)
        number = len(steps) + 1
        step: dict[str, Any] = {
            "number": number,
            "after": after,
            "when": when,
            "certain": certain,
            "callflow_id": place.callflow_id,
            "path": list(place.path),
            "module": str(place.node.get("module", "")),
            "data": place.node.get("data") or {},
            "ways": [],
        }
        steps.append(step)
        sure = certain and len(branches) == 1
        for branch in branches:
            following, child, back = self._after(place, branch, returns)
            step["ways"].append({"child": child, "why": branch.why})
            if following is not None:
                self._visit(following, back, number, branch.why, sure, depth + 1)

    def _branches(self, place: Place) -> list[Branch]:
        name, data = str(place.node.get("module", "")), place.node.get("data")
        verb = verbs().get(name)
        if verb is None:
            return [go_on(why=_("There is no verb %(name)s: it is left out") % {"name": name})]
        try:
            typed = read_data(verb, data if isinstance(data, Mapping) else {}, children_of(place.node))
            if typed.skip_module:
                return [go_on(why=_("skip_module is set: it is left out"))]
            told = verb.explain(self.asking, typed)
        except ValidationError:
            return [go_on(why=_("Its data is wrong: it fails, and the call goes on"))]
        except Exception:
            log.exception("%s cannot explain itself", name)
            return [go_on(why=_("It could not be asked"))]
        return [told] if isinstance(told, Branch) else list(told)

    def _after(
        self, place: Place, branch: Branch, returns: tuple[Place, ...]
    ) -> tuple[Place | None, str | None, tuple[Place, ...]]:
        """The next place, the key it is reached by (None for the end), and where calls come back to from there."""
        if branch.stops:
            return None, None, ()
        if branch.callflow_id and (flow := flow_of(branch.callflow_id)) is not None:
            back = place.child(DEFAULT_CHILD) if branch.comes_back else None
            return (
                Place(flow, branch.callflow_id),
                f"callflow {branch.callflow_id}",
                ((*returns, back) if back is not None else returns),
            )
        for key in (*branch.keys, DEFAULT_CHILD):
            if (child := place.child(key)) is not None:
                return child, key, returns
        if returns:
            return returns[-1], "back", returns[:-1]
        return None, None, ()
