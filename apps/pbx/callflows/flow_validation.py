"""Checking a flow before it is saved: every node's shape, and its data against its verb's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import dotted, violations
from apps.pbx.callflows.registry import DEEPEST_FLOW, LONGEST_VERB, read_data, verbs

Violations = dict[str, dict[str, dict[str, Any]]]
MOST_NODES = 2_000
#: Verbs of KAZOO's schemas: a flow that comes from there is taken over, whatever of it can be carried out.
_KAZOO = (
    "acdc_agent acdc_member acdc_queue acdc_wait_time action after_bridge audio_macro branch_bnumber branch_variable "
    "call_forward call_waiting camping_feature check_cid cidlistmatch collect_dtmf conference conference_feature "
    "dead_air directory disa do_not_disturb dynamic_cid eavesdrop eavesdrop_feature edr fax_detect faxbox flush_dtmf "
    "function group_pickup group_pickup_feature hotdesk intercept intercept_feature intercom json language "
    "lookupcidname manual_presence missed_call_alert move nomorobo notification page_group park pivot privacy "
    "receive_fax record_call record_caller ring_group_toggle route_to_cid send_dtmf set set_alert_info set_variable "
    "set_variables skel temporal_route transfer voicemail wait_for_hangup webhook"
)
ELSEWHERE = frozenset(_KAZOO.split())


def validate_flow(flow: Any, path: str = "flow") -> dict[str, Any]:
    """The flow as given, or `ValidationFailed` with everything that is wrong, by dotted path.

    A verb KAZOO has and this system has not is kept: the call goes on at its `_`, and `lint` warns of it. Any other
    unknown verb is refused. `data` and `children` may be left out.
    """
    found: Violations = {}
    waiting: list[tuple[Any, str, int]] = [(flow, path, 1)]
    nodes = 0
    while waiting and nodes <= MOST_NODES:
        node, where, depth = waiting.pop()
        nodes += 1
        if not isinstance(node, Mapping):
            _note(found, where, "type", "Value did not match type(s): object", target="object")
            continue
        _check_node(node, where, found)
        children = node.get("children", {})
        if not isinstance(children, Mapping):
            _note(found, f"{where}.children", "type", "Value did not match type(s): object", target="object")
        elif children and depth >= DEEPEST_FLOW:
            _note(found, f"{where}.children", "maxDepth", f"At most {DEEPEST_FLOW} actions deep", target=DEEPEST_FLOW)
        else:
            waiting += [(child, f"{where}.children.{dotted([key])}", depth + 1) for key, child in children.items()]
    if nodes > MOST_NODES:
        _note(found, path, "maxItems", f"At most {MOST_NODES} actions", target=MOST_NODES)
    if found:
        raise ValidationFailed(found)
    return dict(flow)


def _check_node(node: Mapping[str, Any], where: str, found: Violations) -> None:
    name, data = node.get("module"), node.get("data", {})
    if name is None:
        _note(found, f"{where}.module", "required", "Field is required but missing")
    elif not isinstance(name, str):
        _note(found, f"{where}.module", "type", "Value did not match type(s): string", target="string")
    elif not 0 < len(name) <= LONGEST_VERB:
        rule, limit = ("maxLength", LONGEST_VERB) if name else ("minLength", 1)
        _note(found, f"{where}.module", rule, f"String must be 1 to {LONGEST_VERB} characters", target=limit)
    if not isinstance(data, Mapping):
        _note(found, f"{where}.data", "type", "Value did not match type(s): object", target="object")
        return
    verb = verbs().get(name) if isinstance(name, str) else None
    if isinstance(name, str) and name and verb is None and name not in ELSEWHERE and len(name) <= LONGEST_VERB:
        _note(found, f"{where}.module", "enum", _("There is no such action"), value=name)
    if verb is not None:
        try:
            read_data(verb, data)
        except ValidationError as error:
            for path, rules in violations(error, dict(data)).items():
                found.setdefault(f"{where}.data.{path}", {}).update(rules)


def _note(found: Violations, path: str, rule: str, message: str, **details: Any) -> None:
    found.setdefault(path, {})[rule] = {"message": message, **details}
