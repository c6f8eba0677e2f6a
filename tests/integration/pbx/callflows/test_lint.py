"""What saving a flow says about it, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.identity.principal import Principal
from apps.pbx.callflows.actions import create_callflow, replace_callflow
from apps.pbx.callflows.lint import lint
from apps.pbx.devices.actions import create_device
from tests.api_client import ApiClient
from tests.cast import Tree
from tests.contracts.test_verbs import ANY_NODE, flows
from tests.integration.pbx.conftest import admin, bakery, tree
from tests.integration.pbx.test_api import alice

__all__ = ["admin", "alice", "bakery", "tree"]
HANG_UP: dict[str, Any] = {"module": "hangup", "data": {}, "children": {}}
NOBODY = "0" * 32


def node(module: str, children: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    return {"module": module, "data": data, "children": children or {}}


def jump(callflow_id: str) -> dict[str, Any]:
    return node("callflow", id=callflow_id)


def found(flow: dict[str, Any], callflow_id: str = "") -> set[tuple[str, str]]:
    return {(warning.path, warning.rule) for warning in lint(flow, callflow_id)}


def test_what_is_odd_is_named_by_its_path(admin: Principal) -> None:
    device = create_device({"name": "Desk"}, admin)
    ringing = node("device", {"_": HANG_UP, "USER_BUSY": HANG_UP, "sip:486": HANG_UP, "never": HANG_UP}, id=device.id)
    assert found(ringing) == {("flow.children.never", "unreachable")}
    assert found(node("device", id=NOBODY)) == {("flow.data.id", "missing")}
    group = node(
        "ring_group", endpoints=[{"id": device.id, "endpoint_type": "device"}, {"id": NOBODY, "endpoint_type": "user"}]
    )
    assert found(group) == {("flow.data.endpoints.1.id", "missing")}
    assert found(node("hangup", {"_": HANG_UP})) == {("flow.children._", "unreachable")}
    assert found(node("answer", {"_": node("set_cid")})) == {("flow.children._", "dead_end")}
    assert found(node("menu")) == {("flow", "dead_end")}
    assert found(node("menu", {"1": HANG_UP, "timeout": HANG_UP, "weird": HANG_UP})) == {
        ("flow.children.weird", "unreachable")
    }
    assert found(node("skel", {"_": HANG_UP})) == {("flow.module", "unknown_verb")}
    assert found(node("menu", {"1": HANG_UP, "_": HANG_UP}, skip_module=True)) == {("flow.children.1", "unreachable")}


def test_callflows_that_jump_in_a_circle_for_ever_are_refused(admin: Principal) -> None:
    first = create_callflow({"name": "First", "numbers": ["1001"], "flow": HANG_UP}, admin)
    second = create_callflow(
        {"name": "Second", "numbers": ["1002"], "flow": node("noop", {"_": jump(first.id)})}, admin
    )
    with pytest.raises(ValidationFailed) as refused:
        replace_callflow(first, {"numbers": ["1001"], "flow": node("answer", {"_": jump(second.id)})}, admin)
    assert "loop" in refused.value.violations["flow.children._.data.id"]
    with pytest.raises(ValidationFailed):
        replace_callflow(first, {"numbers": ["1001"], "flow": jump(first.id)}, admin)


def test_a_circle_somebody_can_leave_is_a_warning(admin: Principal) -> None:
    first = create_callflow({"name": "First", "numbers": ["1001"], "flow": HANG_UP}, admin)
    second = create_callflow({"name": "Second", "numbers": ["1002"], "flow": jump(first.id)}, admin)
    menu = node("menu", {"9": jump(second.id), "1": HANG_UP})
    replace_callflow(first, {"name": "First", "numbers": ["1001"], "flow": menu}, admin)
    (warning,) = lint(menu, first.id)
    assert (warning.path, warning.rule) == ("flow.children.9.data.id", "loop")
    assert "Second → First" in warning.message


def test_saving_answers_with_warnings_and_lint_asks_without_saving(tree: Tree, alice: ApiClient) -> None:
    flow = node("device", id=NOBODY)
    made = alice.put("callflows", {"numbers": ["1001"], "flow": flow})
    assert made.status == 201
    assert [(one["path"], one["rule"]) for one in made.body["warnings"]] == [("flow.data.id", "missing")]
    saved = alice.post(f"callflows/{made.data['id']}", {"numbers": ["1001"], "flow": HANG_UP})
    assert "warnings" not in saved.body
    asked = alice.post("callflows/lint", {"id": made.data["id"], "numbers": ["1001"], "flow": jump(made.data["id"])})
    assert "loop" in asked.data["errors"]["flow.data.id"]
    asked = alice.post("callflows/lint", {"numbers": ["1009"], "flow": flow})
    assert (asked.data["errors"], asked.data["warnings"][0]["cause"]) == ({}, NOBODY)
    assert alice.post("callflows/lint", {"flow": {"module": []}}).data["errors"].keys() == {"flow.module"}
    assert len(alice.get("callflows").data) == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flow=flows(ANY_NODE))
def test_any_flow_can_be_looked_at(admin: Principal, flow: Any) -> None:
    """Whatever it is, every warning names a place that is there."""
    for warning in lint(flow, NOBODY):
        assert warning.path.startswith("flow")
        assert warning.message
