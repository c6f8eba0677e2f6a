"""What is odd about a flow, though it can be saved: missing things, ways never taken, ends nobody wants, loops.

A loop through other callflows is found by following the jumps of this flow. Where a call could only go round and round,
without ever waiting or choosing, that is no warning: `certain_loop` says so, and saving refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.foundation.crossbar.validation import dotted
from apps.pbx.callflows.models import Callflow
from apps.pbx.callflows.progress import Place, children_of
from apps.pbx.callflows.references import Reference, missing, references_of
from apps.pbx.callflows.registry import DEEPEST_FLOW, DEFAULT_CHILD, AnyVerb, VerbData, read_data, verbs

#: How many callflows are followed from one.
MOST_FLOWS = 200
JUMP = "callflow"


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is `missing`, `unreachable`, `dead_end`, `loop` or `unknown_verb`; `path` is dotted, from the document."""

    path: str
    rule: str
    message: str
    cause: str = ""

    def as_document(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Step:
    """A node of the flow with its verb and typed data, both None where they are not to be had."""

    place: Place
    verb: AnyVerb | None
    data: VerbData | None

    @property
    def name(self) -> str:
        return str(self.place.node.get("module", ""))

    def path(self, *more: str | int) -> str:
        below = [part for key in self.place.path for part in ("children", key)]
        return dotted(["flow", *below, *more])


def lint(flow: Mapping[str, Any], callflow_id: str = "") -> list[Finding]:
    """Warnings about a valid flow of the scope's account, in the order of the tree. `callflow_id` is empty for a new
    one."""
    steps = list(walk(flow, callflow_id))
    found = [*_missing(steps), *_loops(steps, callflow_id)]
    for step in steps:
        found += [*_unknown(step), *_unreachable(step), *_dead_end(step)]
    return sorted(found, key=lambda warning: (warning.path, warning.rule))


def walk(flow: Mapping[str, Any], callflow_id: str = "") -> Iterator[Step]:
    """Every node that can be read, from the top."""
    waiting = [Place(flow, callflow_id)] if flow else []
    while waiting:
        place = waiting.pop(0)
        name, data = place.node.get("module"), place.node.get("data")
        verb = verbs().get(name) if isinstance(name, str) else None
        typed: VerbData | None = None
        if verb is not None:
            try:
                typed = read_data(verb, data if isinstance(data, Mapping) else {}, children_of(place.node))
            except ValidationError:
                typed = None
        yield Step(place, verb, typed)
        if len(place.path) < DEEPEST_FLOW:
            waiting += [child for key in children_of(place.node) if (child := place.child(key)) is not None]


def certain_loop(flow: Mapping[str, Any], callflow_id: str) -> str | None:
    """The path of a jump that every call ends up at again, where nothing on the way waits, chooses or ends."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    place: Place | None = Place(flow, callflow_id) if flow else None
    last_jump = ""
    while place is not None and (place.callflow_id, place.path) not in seen:
        seen.add((place.callflow_id, place.path))
        step = next(walk(place.node, place.callflow_id))
        if step.verb is None or (step.data is not None and step.data.skip_module):
            place = place.child(DEFAULT_CHILD)
        elif step.name == JUMP and step.data is not None:
            if place.callflow_id == callflow_id:
                last_jump = Step(place, step.verb, step.data).path("data", "id")
            place = _target(str(getattr(step.data, "id", "")), flow, callflow_id)
        elif step.verb.prepares:
            place = place.child(DEFAULT_CHILD)
        else:
            return None
    return last_jump or None if place is not None else None


def _target(wanted: str, flow: Mapping[str, Any], callflow_id: str) -> Place | None:
    if wanted and wanted == callflow_id:
        return Place(flow, callflow_id)
    found = Callflow.objects.filter(id=wanted).values_list("flow", flat=True).first()
    return Place(found, wanted) if isinstance(found, Mapping) and found else None


def _missing(steps: list[Step]) -> Iterator[Finding]:
    named: list[tuple[Step, Reference]] = [
        (step, reference)
        for step in steps
        if step.verb is not None and step.data is not None
        for reference in references_of(step.name, step.verb, step.data)
    ]
    gone = missing(reference for _, reference in named)
    for step, reference in named:
        if (reference.kind, reference.id) in gone:
            message = _("There is no %(kind)s with this id") % {"kind": reference.kind.replace("_", " ")}
            yield Finding(step.path("data", *reference.path), "missing", message, reference.id)


def _unknown(step: Step) -> Iterator[Finding]:
    if step.verb is None:
        message = _("This action is not carried out here: the call goes on at the default child")
        yield Finding(step.path("module"), "unknown_verb", message, step.name)


def _unreachable(step: Step) -> Iterator[Finding]:
    if step.verb is None or step.data is None:
        return
    for key in children_of(step.place.node):
        if step.verb.children and step.data.skip_module and key != DEFAULT_CHILD:
            why = _("The action is skipped: only the default child is ever taken")
        elif key == DEFAULT_CHILD and step.verb.children:
            continue
        elif step.verb.meaning_of(key, step.data) is None:
            why = _("%(verb)s never goes on here") % {"verb": step.name}
        else:
            continue
        yield Finding(step.path("children", key), "unreachable", why, key)


def _dead_end(step: Step) -> Iterator[Finding]:
    if step.verb is None or not step.verb.children:
        return
    children = children_of(step.place.node)
    if step.verb.prepares and DEFAULT_CHILD not in children and step.place.path:
        yield Finding(step.path(), "dead_end", _("Nothing follows: the caller is hung up on"), step.name)
    elif step.verb.prepares and DEFAULT_CHILD not in children:
        yield Finding(step.path(), "dead_end", _("The flow does nothing for the caller"), step.name)
    elif _is_choice(step) and not children:
        yield Finding(step.path(), "dead_end", _("Whatever the caller chooses, nothing follows"), step.name)


def _is_choice(step: Step) -> bool:
    """A verb that only finds out where to go on."""
    assert step.verb is not None
    others = [key for key in step.verb.children if key != DEFAULT_CHILD]
    return bool(others) and not step.verb.ends_when_answered and not getattr(step.data, "hunt", False)


def _loops(steps: list[Step], callflow_id: str) -> Iterator[Finding]:
    """Jumps of this flow from which calls can come back to it."""
    if not callflow_id:
        return
    jumps = {target: step for step in steps if (target := _jumps_to(step))}
    for target, step in jumps.items():
        way = _way_back(target, callflow_id)
        if way is not None:
            names = " → ".join(way)
            message = _("Calls can come back to this callflow: %(way)s") % {"way": names}
            yield Finding(step.path("data", "id"), "loop", message, target)


def _jumps_to(step: Step) -> str:
    return str(getattr(step.data, "id", "")) if step.name == JUMP and step.data is not None else ""


def _way_back(start: str, home: str) -> list[str] | None:
    """The names of the callflows on the shortest way from `start` to `home`, None where there is none."""
    known: dict[str, list[str]] = {start: []}
    waiting = [start]
    while waiting and len(known) <= MOST_FLOWS:
        flows = {flow.id: flow for flow in Callflow.objects.filter(id__in=waiting)}
        following: list[str] = []
        for one in waiting:
            if (flow := flows.get(one)) is None:
                continue
            way = [*known[one], str(flow)]
            if one == home:
                return way
            for target in filter(None, map(_jumps_to, walk(flow.flow, one))):
                if target not in known:
                    known[target] = way
                    following.append(target)
        waiting = following
    return None
