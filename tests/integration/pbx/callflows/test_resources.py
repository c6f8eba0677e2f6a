"""Which carriers a step asks: by account, and by the flags that step, account, user, device and call bring along."""

from __future__ import annotations

from typing import Any

import pytest

from apps.commerce.carriers.models import CarrierResource
from apps.commerce.carriers.resting import forget_failures
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.pbx.callflows.registry import problems_of, read_data, verbs
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.port import BridgeResult
from apps.switching.switches.models import SwitchNode
from tests.pbx_office import MASTER, Office, office, run

__all__ = ["office"]

DIALLED = "+14155550100"


def carrier(account_id: str, name: str, *flags: str, **document: Any) -> None:
    with account_scope(account_id):
        CarrierResource.objects.create(
            account_id=account_id,
            name=name,
            rules=[r"^(\+\d+)$"],
            flags=list(flags),
            document={"gateways": [{"server": f"{name}.test"}], **document},
        )


def calling(office: Office, **who: str) -> FakeCall:
    """A call no carrier takes."""
    failed = [BridgeResult(answered=False, cause="NORMAL_TEMPORARY_FAILURE")] * 9
    return FakeCall(account_id=office.id, destination=DIALLED, bridges=failed, **who)  # type: ignore[arg-type]


def asked(office: Office, call: FakeCall | None = None, **data: Any) -> list[str]:
    """The carriers the call tried, in their order."""
    verb = verbs()["resources"]
    made = call or calling(office)
    forget_failures()
    run(verb.run(made, read_data(verb, data, [])))
    return [str(request.legs[0].target).partition("@")[2].partition(".")[0] for request in made.requests]


@pytest.fixture
def carriers(office: Office) -> Office:
    with account_scope(MASTER):
        CarrierResource.objects.all().delete()
    carrier(office.id, "own")
    carrier(MASTER, "operator")
    return office


def test_the_account_s_own_come_first(carriers: Office) -> None:
    assert asked(carriers) == ["own", "operator"]


def test_a_step_chooses_whose(carriers: Office) -> None:
    assert asked(carriers, use_local_resources=False) == ["operator"]
    assert asked(carriers, hunt_account_id=carriers.id) == ["own"]
    assert asked(carriers, hunt_account_id=MASTER) == ["operator"]


def test_an_account_beside_it_is_not_asked(carriers: Office) -> None:
    master = Account.objects.get(id=MASTER)
    other = Account.objects.create(
        id="c" * 32, name="Other", realm="other.test", parent=master, ancestors=[MASTER], tenant=master.tenant
    )
    carrier(other.id, "foreign")
    assert asked(carriers, hunt_account_id=other.id) == []
    assert problems_of(verbs()["resources"], {"hunt_account_id": "somebody"})


def test_flags_come_from_the_step_and_from_whoever_calls(carriers: Office) -> None:
    carrier(carriers.id, "fax", "fax")
    carrier(carriers.id, "both", "fax", "premium")
    user = carriers.user("ada", outbound_flags={"static": ["premium"]})
    device = carriers.device("desk", owner=user, outbound_flags=["fax"])
    bare = carriers.device("bare")
    assert asked(carriers, outbound_flags=["fax"]) == ["both", "fax"]

    assert asked(carriers, calling(carriers, authorizing_id=device.id)) == ["both"]
    assert asked(carriers, calling(carriers, authorizing_id=bare.id)) == ["both", "fax", "own", "operator"]
    carriers.set(document={"outbound_flags": {"dynamic": ["owner_id"]}})
    carrier(carriers.id, "hers", user.id, "premium")
    assert asked(carriers, calling(carriers, owner_id=user.id)) == ["hers"]


def test_a_flag_can_be_a_fact_of_the_call(carriers: Office) -> None:
    SwitchNode.objects.create(name="local", host="127.0.0.1", port=8021, zone="berlin")
    carrier(carriers.id, "near", "berlin")
    carrier(carriers.id, "far", "tokyo")
    carrier(carriers.id, "ours", carriers.id)
    assert asked(carriers, dynamic_flags=["zone"]) == ["near"]
    assert asked(carriers, dynamic_flags=["account_id"]) == ["ours"]
    assert asked(carriers, dynamic_flags=["no_such_fact"]) == asked(carriers)


def test_who_calls_is_written_as_account_and_carrier_want_it(carriers: Office) -> None:
    from_account = {"caller_id_number": {"regex": r"^\+1(\d{10})$", "direction": "outbound"}}
    carriers.set(document={"formatters": from_account, "caller_id": {"external": {"number": "+13125550100"}}})
    carrier(carriers.id, "z", formatters={"caller_id_name": {"value": "BAKERY"}}, weight_cost=99)
    call = calling(carriers)
    asked(carriers, call)
    shown = [request.caller_id for request in call.requests]
    assert {one.number for one in shown if one} == {"3125550100"}
    assert [one.name for one in shown if one].count("BAKERY") == 1
