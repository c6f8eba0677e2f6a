"""A group's music on hold: for its callers, unless whoever answered has his own."""

from __future__ import annotations

from typing import Any

import pytest

from apps.pbx.callflows.registry import read_data, verbs
from apps.pbx.groups.models import Group
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.port import BridgeRequest
from tests.pbx_office import Office, office, run

__all__ = ["office"]
OWN, GROUPS, ACCOUNTS = "tone_stream://%(1,0,1)", "tone_stream://%(2,0,2)", "tone_stream://%(3,0,3)"


def rung(office: Office, verb: str, group: dict[str, Any], data: dict[str, Any]) -> BridgeRequest:
    plain = office.device("plain")
    particular = office.device("particular", music_on_hold={"media_id": OWN})
    members = {one.id: {"type": "device"} for one in (plain, particular)}
    made = office.within(
        lambda: Group.objects.create(account_id=office.id, name="all", document={"endpoints": members} | group)
    )
    call = FakeCall(account_id=office.id, variables={"account_hold_music": ACCOUNTS})
    wanted = {"id": made.id} if verb == "group" else {"endpoints": [{"id": made.id, "endpoint_type": "group"}]}
    run(verbs()[verb].run(call, read_data(verbs()[verb], wanted | data)))
    return call.requests[0]


@pytest.mark.parametrize("verb", ["group", "ring_group"])
@pytest.mark.parametrize("strategy", ["simultaneous", "round_robin"])
def test_callers_of_the_group_hear_it(office: Office, verb: str, strategy: str) -> None:
    request = rung(office, verb, {"music_on_hold": {"media_id": GROUPS}}, {"strategy": strategy})
    assert request.variables["hold_music"] == GROUPS
    assert {leg.variables.get("hold_music") for leg in request.legs} <= {None, OWN}


def test_a_group_without_leaves_it_to_the_account(office: Office) -> None:
    assert rung(office, "group", {}, {}).variables["hold_music"] == ACCOUNTS
