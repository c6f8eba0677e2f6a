"""Dialling out through the account from outside: who may, what may be dialled, and what is written down."""

from __future__ import annotations

from typing import Any

import pytest

from apps.foundation.audit.models import AuditEntry
from apps.foundation.events.publishing import client
from apps.foundation.kit.clock import now
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.switching.calls.dial_string import Redial
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import BridgeResult, CallerId
from tests.pbx_office import Office, office, run

__all__ = ["office"]
FLOW = "f" * 32
OUTSIDE = "+13125550100"
ANSWERED = BridgeResult(answered=True, cause="SUCCESS")


@pytest.fixture(autouse=True)
def door(office: Office) -> None:
    for key in client().scan_iter("kazoo:wrong-pins:*"):
        client().delete(key)
    LiveChannel.objects.all().delete()
    office.within(lambda: AuditEntry.objects.all().delete())
    office.callflow(["no_match"], {"module": "offnet", "data": {}, "children": {}})
    office.callflow(["1001"], {"module": "noop", "data": {}, "children": {}})


def dial(office: Office, *digits: str, caller: str = "+12125550199", **data: Any) -> tuple[FakeCall, Branch]:
    call = FakeCall(
        account_id=office.id, digits=digits, call_kind="inbound", original_caller_id=CallerId("", caller),
        variables={"callflow_id": FLOW}, bridges=[ANSWERED], authorizing_id="carrier",
    )  # fmt: skip
    verb = verbs()["disa"]
    return call, run(verb.run(call, read_data(verb, {"pin": "4815", "max_digits": 15, **data})))


def outcomes(office: Office) -> list[str]:
    rows = office.within(lambda: list(AuditEntry.objects.filter(action="disa.used").order_by("created", "id")))
    assert {row.target_id for row in rows} <= {FLOW}
    return [row.changes["outcome"][1] for row in rows]


def test_dials_as_the_account(office: Office) -> None:
    call, branch = dial(office, "4815", OUTSIDE)
    (leg,) = call.requests[0].legs
    assert leg.target == Redial(OUTSIDE, "internal")
    assert (leg.variables["call_kind"], leg.variables["account_id"]) == ("internal", office.id)
    assert leg.variables["authorizing_id"] == FLOW, "never the carrier's"
    assert branch.stops
    assert outcomes(office) == ["connected"]


def test_wrong_pins(office: Office) -> None:
    call, _branch = dial(office, "1", "2", "3", "4815", OUTSIDE)
    assert not call.requests
    assert outcomes(office) == ["wrong_pin"]


def test_guessing_ends_across_calls(office: Office) -> None:
    for _call in range(3):
        dial(office, "1", "2", "3")
    locked, _branch = dial(office, "4815", OUTSIDE)
    assert not locked.requests
    assert outcomes(office)[-1] == "locked_out"
    assert dial(office, "4815", OUTSIDE, caller="+12125550188")[0].requests, "another caller"


def test_guessing_under_many_names_ends_too(office: Office) -> None:
    for number in range(20):
        dial(office, "1", "2", "3", caller=f"+1212555{number:04}")
    assert not dial(office, "4815", OUTSIDE, caller="+12125559999")[0].requests


def test_the_right_pin_is_forgiven(office: Office) -> None:
    for _call in range(5):
        assert dial(office, "1", "2", "4815", OUTSIDE)[0].requests


def test_without_a_pin_nobody_outside_may(office: Office) -> None:
    call, _branch = dial(office, OUTSIDE, pin="")
    assert not call.requests
    assert outcomes(office) == ["no_pin"]


@pytest.mark.parametrize(("enforced", "called"), [({}, 0), ({"enforce_call_restriction": False}, 1)])
def test_restrictions_apply_unless_they_are_lifted(office: Office, enforced: dict[str, Any], called: int) -> None:
    office.set(document={"call_restriction": {"tollfree_us": {"action": "deny"}}})
    assert len(dial(office, "4815", "+18005550100", **enforced)[0].requests) == called
    assert dial(office, "4815", "1001")[0].requests, "an extension is no telephone number"


@pytest.mark.parametrize("number", ["911", "nonsense", "", "*x"])
def test_what_is_never_dialled(office: Office, number: str) -> None:
    call, _branch = dial(office, "4815", number)
    assert not call.requests
    assert outcomes(office) == ["no_number"]


def test_only_so_many_at_a_time(office: Office) -> None:
    for number in range(2):
        LiveChannel.objects.create(
            uuid=str(number), account_id=office.id, switch="fs1", direction="inbound", callflow_id=FLOW, created=now()
        )
    assert not dial(office, "4815", OUTSIDE)[0].requests
    assert outcomes(office) == ["too_many_calls"]
    assert dial(office, "4815", OUTSIDE, max_calls=3)[0].requests


def test_a_call_is_ended_in_time(office: Office) -> None:
    call, _branch = dial(office, "4815", OUTSIDE, max_call_seconds=10)
    assert f"sched_hangup +10 {call.uuid} ALLOTTED_TIMEOUT" in call.details("tell_switch")


@pytest.mark.parametrize(("own", "kept"), [(True, "false"), (False, "true")])
def test_who_is_shown(office: Office, own: bool, kept: str) -> None:
    call, _branch = dial(office, "4815", OUTSIDE, use_account_caller_id=own)
    assert call.requests[0].legs[0].variables["caller_id_kept"] == kept
