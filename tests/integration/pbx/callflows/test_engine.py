"""One call from its first moment to its end: what is kept of it, what is done afterwards, and how it is taken over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from apps.commerce.cdrs.actions import record_legs
from apps.commerce.cdrs.legs import FinishedLeg
from apps.foundation.kit.clock import now
from apps.pbx.callflows import ending, leftovers
from apps.pbx.callflows.ending import EndedCall, at_call_end, at_end
from apps.pbx.callflows.engine import MOST_RESUMPTIONS, MOST_STEPS, handle_call
from apps.pbx.callflows.models import CallTrace
from apps.pbx.callflows.modules.noop import Noop, NoopData
from apps.pbx.callflows.progress import VARIABLE, read_progress
from apps.pbx.callflows.registry import Branch, go_on
from apps.pbx.callflows.tasks import finish_left_over
from apps.pbx.callflows.trace_rows import Trace, write_traces
from apps.switching.calls.fake import ANSWERED, FakeCall
from apps.switching.calls.port import CallerHungUp, CallKind
from apps.switching.registrar.models import SipCredential
from tests.pbx_office import REALM, Office, office, run

__all__ = ["office"]
HANG_UP: dict[str, Any] = {"module": "hangup", "data": {}, "children": {}}


def node(module: str, children: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    return {"module": module, "data": data, "children": children or {}}


@pytest.fixture(autouse=True)
def no_traces(office: Office) -> None:
    office.within(lambda: CallTrace.objects.all().delete())


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[EndedCall, Mapping[str, Any]]]]:
    """What was done at the end of calls that went through a `noop`."""
    found: list[tuple[EndedCall, Mapping[str, Any]]] = []

    @at_call_end("test.note")
    def note(ended: EndedCall, data: Mapping[str, Any]) -> None:
        found.append((ended, data))

    @at_call_end("test.breaks")
    def breaks(ended: EndedCall, data: Mapping[str, Any]) -> None:
        raise RuntimeError("on purpose")

    async def leaves(self: Noop, call: Any, data: NoopData) -> Branch:
        await at_end(call, "test.breaks")
        await at_end(call, "test.note", {"for": "ada"})
        await at_end(call, "test.note", {"for": "ada"})
        return go_on(why="noted")

    monkeypatch.setattr(Noop, "run", leaves)
    yield found
    ending._duties.pop("test.note")
    ending._duties.pop("test.breaks")


def a_call(office: Office, **options: Any) -> FakeCall:
    return FakeCall(account_id=office.id, destination="1001", **{"authorizing_id": "x", **options})


def handle(call: FakeCall) -> FakeCall:
    try:
        run(handle_call(call))
    except CallerHungUp:
        pass
    return call


def steps(office: Office) -> list[tuple[str, str, list[str]]]:
    (trace,) = office.within(lambda: list(CallTrace.objects.all()))
    return [(step["module"], step["child"], step["path"]) for step in trace.steps]


def test_every_step_is_kept_with_why(office: Office) -> None:
    office.callflow(["1001"], node("answer", {"_": node("sleep", {"_": HANG_UP}, duration=0)}))
    handle(a_call(office))
    assert steps(office) == [("answer", "_", []), ("sleep", "_", ["_"]), ("hangup", "", ["_", "_"])]
    (trace,) = office.within(lambda: list(CallTrace.objects.all()))
    assert trace.ended is not None
    assert trace.hangup_cause == "NORMAL_CLEARING"
    assert [step["outcome"] for step in trace.steps] == ["answered", "waited", "hung up"]


def test_a_caller_who_leaves_half_way_is_kept_too(office: Office) -> None:
    office.callflow(["1001"], node("answer", {"_": node("sleep", {"_": HANG_UP}, duration=9)}))
    handle(a_call(office, hangs_up_after=3))
    assert steps(office)[-1] == ("sleep", "", ["_"])
    (trace,) = office.within(lambda: list(CallTrace.objects.all()))
    assert trace.hangup_cause == "ORIGINATOR_CANCEL"


def test_what_is_left_to_do_is_done_once_when_the_call_is_over(office: Office, done: list[Any]) -> None:
    device = office.device("1001")
    office.callflow(["1001"], node("noop", {"_": node("device", id=device.id)}))
    handle(a_call(office, bridges=[ANSWERED]))
    ((ended, data),) = done
    assert data == {"for": "ada"}
    assert (ended.was_bridged, ended.was_answered, ended.cause) == (True, True, "NORMAL_CLEARING")
    assert ended.account_id == office.id
    assert ended.caller_id.number == "1001"


def test_it_is_done_too_where_the_caller_hangs_up(office: Office, done: list[Any]) -> None:
    office.callflow(["1001"], node("noop", {"_": node("sleep", duration=9)}))
    handle(a_call(office, hangs_up_after=4))
    ((ended, _data),) = done
    assert (ended.was_bridged, ended.cause) == (False, "ORIGINATOR_CANCEL")


def test_a_call_that_went_elsewhere_is_not_over(office: Office, done: list[Any]) -> None:
    office.callflow(["1001"], node("noop", {"_": node("sleep", duration=9)}))
    call = handle(a_call(office, picked_up_after=4))
    assert not done
    assert ending.duties_of(call.variables)


def test_a_call_that_ended_while_nobody_had_it_is_finished_from_its_record(office: Office, done: list[Any]) -> None:
    started = now() - timedelta(minutes=2)
    call = a_call(office)
    run(at_end(call, "test.note", {"for": "ben"}))
    variables = dict(call.variables)
    trace = Trace("call-7", office.id, started, destination="1001", variables_now=lambda: variables)
    office.within(lambda: write_traces([trace]))
    assert finish_left_over() == 0
    ended = started + timedelta(seconds=60)
    leg = FinishedLeg(office.id, "fs1", "call-7", "inbound", started, ended, hangup_cause="ORIGINATOR_CANCEL")
    assert record_legs([leg]) == {}
    assert finish_left_over() == 1
    assert finish_left_over() == 0
    ((over, data),) = done
    assert (over.call_id, over.cause, over.was_bridged, data) == ("call-7", "ORIGINATOR_CANCEL", False, {"for": "ben"})
    assert office.within(lambda: leftovers.finish(trace.row_id)) is False


def lost_in(office: Office, flow: dict[str, Any], after: int, **options: Any) -> FakeCall:
    """A call whose call server was lost in the middle of its that many-th action, handed over to another one."""
    call = a_call(office, **options)
    call.picked_up_after = after
    handle(call)
    return a_call(office, variables=dict(call.variables), is_answered=call.is_answered, **options)


def test_another_call_server_goes_on_where_the_call_was(office: Office) -> None:
    flow = node("answer", {"_": node("set_cid", {"_": node("sleep", {"_": HANG_UP}, duration=9)}, caller_id_name="A")})
    office.callflow(["1001"], flow)
    call = lost_in(office, flow, after=5)
    assert VARIABLE in call.variables
    handle(call)
    assert call.verbs == ["sleep", "hang_up"], "neither answered nor named again"
    assert [module for module, _child, _path in steps(office)] == ["answer", "set_cid", "sleep", "sleep", "hangup"]


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [("SUCCESS", ["hang_up"]), ("USER_BUSY", ["sleep", "hang_up"]), ("none", ["bridge", "hang_up"])],
)
def test_a_bridge_that_ended_meanwhile_says_how(office: Office, disposition: str, expected: list[str]) -> None:
    device = office.device("1001")
    flow = node("device", {"USER_BUSY": node("sleep", duration=1)}, id=device.id)
    office.callflow(["1001"], flow)
    call = lost_in(office, flow, after=2)
    call.variables = {**call.variables, "originate_disposition": disposition}
    handle(call)
    assert [verb for verb in call.verbs if verb != "set_variables"] == expected


def test_a_step_that_loses_its_call_server_again_and_again_is_left_out(office: Office) -> None:
    flow = node("sleep", {"_": node("tts", text="At last")}, duration=9)
    office.callflow(["1001"], flow)
    call = lost_in(office, flow, after=2)
    for _ in range(MOST_RESUMPTIONS - 1):
        again = a_call(office, variables=dict(call.variables), picked_up_after=1)
        handle(again)
        call = a_call(office, variables=dict(again.variables))
    progress = read_progress(call.variables)
    assert progress is not None
    final = a_call(office, variables=dict(call.variables), picked_up_after=1)
    handle(final)
    last = a_call(office, variables=dict(final.variables))
    handle(last)
    assert "sleep" not in last.verbs
    assert last.ended_with == "NORMAL_CLEARING"


def test_a_flow_that_was_changed_meanwhile_begins_again(office: Office) -> None:
    flow = node("answer", {"_": node("sleep", duration=9)})
    made = office.callflow(["1001"], flow)
    call = lost_in(office, flow, after=3)
    made.flow = HANG_UP
    office.within(made.save)
    handle(call)
    assert call.ended_with == "NORMAL_CLEARING"
    office.within(made.delete)
    call = lost_in(office, flow, after=1)
    handle(call)
    assert call.ended_with == "SIP 404"


def test_the_flow_of_the_call_follows_a_preflow_that_was_interrupted(office: Office) -> None:
    first = office.callflow([], node("sleep", duration=9))
    office.set(document={"preflow": {"always": first.id}})
    office.callflow(["1001"], node("answer"))
    call = lost_in(office, {}, after=1)
    handle(call)
    assert call.verbs == ["sleep", "set_variables", "answer", "hang_up"]


def test_flows_that_jump_in_a_circle_end(office: Office) -> None:
    first = office.callflow(["1001"], HANG_UP)
    second = office.callflow(["1002"], node("callflow", id=first.id))
    first.flow = node("callflow", id=second.id)
    office.within(first.save)
    handle(a_call(office))
    assert len(steps(office)) == MOST_STEPS + 1


def test_named_groups_of_a_pattern_reach_the_call(office: Office) -> None:
    office.callflow([], HANG_UP, [r"^\*9(?P<box>\d+)\*(?P<digit>\d)$"])
    call = a_call(office)
    call.destination = "*9123*4"
    handle(call)
    assert call.variables["capture_group"] == "123"
    assert (call.variables["capture_group_box"], call.variables["capture_group_digit"]) == ("123", "4")


@pytest.mark.parametrize(
    ("kind", "authorizing_id", "status"),
    [
        ("inbound", "", "SIP 404"),
        ("inbound", "c" * 32, "SIP 404"),
        ("internal", "d" * 32, "NORMAL_CLEARING"),
        ("internal", "c" * 32, "NORMAL_CLEARING"),  # a carrier's call that a phone has transferred
    ],
)
def test_a_carrier_s_call_takes_the_catch_all_only_where_an_own_phone_sent_it(
    office: Office, kind: CallKind, authorizing_id: str, status: str
) -> None:
    """Whatever its INVITE says: a Referred-By is anybody's word."""
    SipCredential.objects.create(
        realm=REALM, username="1001", account_id=office.id, device_id="d" * 32, a1_hash="0" * 32
    )
    office.callflow(["no_match"], HANG_UP)
    said = {"sip_h_Referred-By": f"<sip:1001@{REALM}>", "sip_refer_to": "<sip:x@y>"}
    call = a_call(office, call_kind=kind, authorizing_id=authorizing_id, variables=said)
    call.destination = "+13125550100"
    handle(call)
    assert call.ended_with == status


def test_a_phone_s_dial_plan_is_read_before_a_callflow_is_looked_for(office: Office) -> None:
    ann = office.user("ann", dial_plan={r"^9(\d{4})$": {}})
    phone = office.device("1001", owner=ann)
    office.set(document={"dial_plan": {r"^0$": {"prefix": "200"}}})
    office.callflow(["2000"], HANG_UP)
    for dialled in ("92000", "0"):
        call = a_call(office, authorizing_id=phone.id)
        call.destination = dialled
        handle(call)
        assert (call.destination, call.ended_with) == ("2000", "NORMAL_CLEARING")
    inbound = a_call(office, call_kind="inbound")
    inbound.destination = "92000"
    handle(inbound)
    assert inbound.ended_with == "SIP 404", "a carrier's number is its own"
    emergency = a_call(office, authorizing_id=phone.id)
    emergency.destination = "911"
    office.set(document={"dial_plan": {r"^911$": {"prefix": "2000"}}})
    handle(emergency)
    assert emergency.destination == "911"
