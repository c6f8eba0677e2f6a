"""What holds for every verb of a callflow, found by the registry: a new verb is covered by being there."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.schemas import json_schema
from apps.foundation.crossbar.schemas import shapes as served_shapes
from apps.foundation.kit.clock import now
from apps.foundation.kit.folders import NotOneClass, class_of_each_file
from apps.pbx.callflows.lookup import Start
from apps.pbx.callflows.registry import (
    MODULES,
    Verb,
    VerbData,
    problems_of,
    read_data,
    shapes,
    validate_flow,
    verbs,
)
from apps.pbx.callflows.run import MOST_STEPS, Run
from apps.pbx.callflows.trace_rows import Trace
from apps.switching.calls.fake import ANSWERED, FakeCall
from apps.switching.calls.port import BridgeResult, CallerHungUp
from tests.pbx_office import Office, office, run

__all__ = ["office"]
EVERY_VERB = sorted(verbs())
BUSY = BridgeResult(answered=False, cause="USER_BUSY", sip_code=486)
LEAST = {
    "answer", "callflow", "device", "group", "hangup", "menu", "noop", "play", "prepend_cid", "resources", "response",
    "ring_group", "set_cid", "sleep", "tts", "user",
}  # fmt: skip


def example_flow(name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"module": name, "data": data, "children": {"_": {"module": "noop", "data": {}}}}


def test_the_verbs_of_the_first_release_are_there() -> None:
    assert set(EVERY_VERB) >= LEAST


@pytest.mark.parametrize("name", EVERY_VERB)
def test_it_explains_itself(name: str) -> None:
    verb = verbs()[name]
    assert verb.__doc__
    assert verb.examples, "a verb without an example is not documented"
    for field, description in verb.Data.model_fields.items():
        assert description.description, f"{name}.{field} is not described"
    schema = json_schema(name, shapes()[f"callflows.{name}"])
    assert schema["type"] == "object"
    assert served_shapes()[f"callflows.{name}"] is verb.Data
    assert "_child_keys" not in schema["properties"]
    for example in verb.examples:
        assert problems_of(verb, example) == []
        flow = example_flow(name, example)
        assert validate_flow(flow) == flow


@pytest.mark.parametrize("name", EVERY_VERB)
def test_a_saved_value_of_the_wrong_kind_is_named_by_its_path(name: str) -> None:
    data = dict(verbs()[name].examples[0]) | {"skip_module": {"not": "a boolean"}}
    with pytest.raises(ValidationFailed) as refused:
        validate_flow(example_flow("noop", {}) | {"children": {"_": example_flow(name, data)}})
    assert list(refused.value.violations) == ["flow.children._.data.skip_module"]


def test_every_verb_ends_with_nobody_to_ring(office: Office) -> None:
    for name, verb in verbs().items():
        for example in verb.examples:
            call = FakeCall(account_id=office.id, destination="+13125550100")
            branch = run(verb.run(call, read_data(verb, example, ["_"])))
            assert not call.requests, name
            assert branch.stops or branch.callflow_id or "answered" not in branch.keys, name


def test_every_verb_ends_when_the_caller_hangs_up_half_way(office: Office) -> None:
    device = office.device("1001")
    for name, verb in verbs().items():
        for example in verb.examples:
            data = dict(example)
            if name == "device":
                data["id"] = device.id
            if name == "ring_group":
                data["endpoints"] = [{"id": device.id, "endpoint_type": "device"}]
            for moment in (1, 2, 3):
                call = FakeCall(account_id=office.id, digits=["1", "2"], hangs_up_after=moment)
                start = Start(flow=example_flow(name, data))
                with pytest.raises(CallerHungUp):
                    run(_unending(call, start))


async def _unending(call: FakeCall, start: Start) -> None:
    """Run it again and again: however little a verb does, the caller leaves sooner or later."""
    for _ in range(10):
        await Run(call, start, trace_of(call)).to_the_end()
        call.ended_with = ""
        await call.ring_ready()


def trace_of(call: FakeCall) -> Trace:
    return Trace(call.uuid, call.account_id, now())


def test_a_verb_that_is_there_twice_or_not_at_all_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.pbx.callflows.modules import noop

    class Second(Verb[VerbData]):
        """Another."""

    Second.__module__ = noop.__name__
    monkeypatch.setattr(noop, "Second", Second, raising=False)
    with pytest.raises(NotOneClass, match="noop must hold exactly one verb, it holds 2"):
        class_of_each_file(MODULES, Verb)


def flows(known: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(["_", "1", "USER_BUSY", "NO_ANSWER", "sip:486", "timeout", "max_retries", "x"])
    odd = st.sampled_from([None, [], "x", 7, {"module": 3}, {"children": []}, {}])
    leaf = known.map(lambda pair: {"module": pair[0], "data": pair[1]})

    def node(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.tuples(known, st.dictionaries(keys, st.one_of(children, odd), max_size=3)).map(
            lambda pair: {"module": pair[0][0], "data": pair[0][1], "children": pair[1]}
        )

    return st.recursive(leaf, node, max_leaves=12)


ANY_NODE = st.one_of(
    st.sampled_from([(name, example) for name, verb in verbs().items() for example in verb.examples]),
    st.tuples(
        st.sampled_from([*EVERY_VERB, "record_call", "", "_"]),
        st.dictionaries(
            st.sampled_from(["id", "timeout", "endpoints", "code", "text", "skip_module", "media", "duration"]),
            st.one_of(
                st.none(), st.integers(-3, 10**9), st.text(max_size=8), st.just({}), st.just([{}]), st.booleans()
            ),
            max_size=3,
        ),
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flow=flows(ANY_NODE), digits=st.lists(st.sampled_from(["", "1", "99", "2"]), max_size=4), data=st.data())
def test_any_flow_ends_without_raising(office: Office, flow: Any, digits: list[str], data: st.DataObject) -> None:
    results = data.draw(st.lists(st.sampled_from([ANSWERED, BUSY]), max_size=3))
    call = FakeCall(account_id=office.id, digits=digits, bridges=results, destination="+13125550100")
    engine = Run(call, Start(flow=flow), trace_of(call))
    run(engine.to_the_end())
    assert call.ended_with
    assert engine.steps <= MOST_STEPS
    assert _complaints(flow) == [path for path in _complaints(flow) if path.startswith("flow")]


def _complaints(flow: Any) -> list[str]:
    """Validation of anything ends in a verdict."""
    try:
        validate_flow(flow)
    except ValidationFailed as refused:
        return list(refused.violations)
    return []
