"""Parking on scripted calls: which slot, who is rung, and what is left when it is over."""

from __future__ import annotations

from typing import Any

import pytest

from apps.foundation.kit.clock import now
from apps.pbx.callflows.ending import EndedCall, perform
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.devices.models import Device
from apps.pbx.parking.models import ParkedCall
from apps.pbx.parking.queries import waiting
from apps.switching.calls.fake import ANSWERED, FakeCall
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import CallerHungUp
from apps.switching.registrar.models import SipCredential
from tests.pbx_office import REALM, Office, office, run

__all__ = ["office"]
VERB = verbs()["park"]


#: What the caller talked to before he was sent here.
LEG = "leg-of-ben"


@pytest.fixture
def ben(office: Office) -> Device:
    LiveChannel.objects.all().delete()
    office.within(lambda: ParkedCall.objects.all().delete())
    SipCredential.objects.all().delete()
    device = office.device("ben")
    SipCredential.objects.create(
        realm=REALM, username="ben", account_id=office.id, device_id=device.id, a1_hash="0" * 32
    )
    leg = {"account_id": office.id, "switch": "fs1", "direction": "outbound", "created": now()}
    LiveChannel.objects.create(uuid=LEG, authorizing_id=device.id, authorizing_type="device", **leg)
    return device


def sent(office: Office, uuid: str, **more: Any) -> FakeCall:
    """A call that ben's phone has sent to be parked."""
    LiveChannel.objects.create(uuid=uuid, account_id=office.id, switch="fs1", direction="inbound", created=now())
    variables = {"last_bridge_to": LEG, "transfer_source": "bl_xfer", **more.pop("variables", {})}
    return FakeCall(uuid=uuid, account_id=office.id, is_answered=True, variables=variables, **more)


def dialled(office: Office, device: Device, uuid: str, **more: Any) -> FakeCall:
    LiveChannel.objects.create(uuid=uuid, account_id=office.id, switch="fs1", direction="inbound", created=now())
    return FakeCall(uuid=uuid, account_id=office.id, authorizing_id=device.id, **more)


def parked(call: FakeCall, children: tuple[str, ...] = (), **data: Any) -> Branch | str:
    """Where the flow goes on, or the cause the caller left with."""
    try:
        branch: Branch = run(VERB.run(call, read_data(VERB, data, children)))
    except CallerHungUp as gone:
        return gone.cause
    return branch


def slots(office: Office) -> dict[str, str]:
    return office.within(lambda: {row.slot: row.call_id for row in waiting()})


def test_the_parker_is_rung_and_has_the_call_again(office: Office, ben: Device) -> None:
    call = sent(office, "a", bridges=[ANSWERED], variables={"capture_group": "101"})
    branch = parked(call, action="auto", default_ringback_timeout=5000, default_callback_timeout=7)
    assert isinstance(branch, Branch)
    assert branch.stops
    assert call.details("wait")[0].startswith("5 ")
    assert "sip:ben@" in call.details("bridge")[0]
    assert call.requests[0].timeout == 7
    assert any(detail.startswith("uuid_broadcast") for detail in call.details("tell_switch")), "he is told why"
    assert slots(office) == {}


def test_what_a_transfer_says_of_itself_is_not_believed(office: Office, ben: Device) -> None:
    cleo = office.device("cleo")
    SipCredential.objects.create(
        realm=REALM, username="cleo", account_id=office.id, device_id=cleo.id, a1_hash="0" * 32
    )
    lie = {"capture_group": "101", "sip_h_Referred-By": f"<sip:cleo@{REALM}>"}
    parked(call := sent(office, "a", bridges=[ANSWERED], variables=lie), action="auto")
    assert "sip:ben@" in call.details("bridge")[0]


def test_who_calls_with_a_referred_by_is_taken_for_himself(office: Office, ben: Device) -> None:
    lie = {"capture_group": "101", "sip_h_Referred-By": f"<sip:ben@{REALM}>"}
    call = dialled(office, office.device("cleo"), "a", variables=lie)
    parked(call, action="auto")
    assert call.details("bridge") == []


def test_the_child_named_like_the_slot_follows_where_nobody_answers(office: Office, ben: Device) -> None:
    branch = parked(sent(office, "a"), ("101",), action="park")
    assert isinstance(branch, Branch)
    assert branch.keys == ("101",)
    assert slots(office) == {}


def test_the_next_free_slot_is_given(office: Office, ben: Device) -> None:
    for slot, uuid in (("101", "x"), ("102", "y")):
        LiveChannel.objects.create(uuid=uuid, account_id=office.id, switch="fs1", direction="inbound", created=now())
        office.within(lambda: ParkedCall.objects.create(account_id=office.id, slot=slot, call_id=uuid))  # noqa: B023
    branch = parked(sent(office, "a"), ("103",), action="park")
    assert isinstance(branch, Branch)
    assert branch.keys == ("103",)
    exceeded = parked(sent(office, "b"), action="park", max_slot_number=102)
    assert isinstance(exceeded, Branch)
    assert exceeded.keys == ("MAX_SLOT_EXCEEDED",)


def test_a_taken_slot_sends_the_second_call_back_to_the_parker(office: Office, ben: Device) -> None:
    LiveChannel.objects.create(uuid="x", account_id=office.id, switch="fs1", direction="inbound", created=now())
    office.within(lambda: ParkedCall.objects.create(account_id=office.id, slot="101", call_id="x"))
    call = sent(office, "a", bridges=[ANSWERED], variables={"capture_group": "101"})
    branch = parked(call, action="auto")
    assert isinstance(branch, Branch)
    assert branch.stops
    assert not call.details("wait"), "at once"
    assert not call.details("intercept"), "it was sent to be parked, not to take the other call"
    assert slots(office) == {"101": "x"}


def test_who_dials_a_taken_slot_gets_the_call(office: Office, ben: Device) -> None:
    LiveChannel.objects.create(uuid="x", account_id=office.id, switch="fs1", direction="inbound", created=now())
    office.within(lambda: ParkedCall.objects.create(account_id=office.id, slot="101", call_id="x"))
    call = dialled(office, ben, "c", intercepts=[True], variables={"capture_group": "101"})
    assert parked(call, action="auto") == "intercept"
    assert call.details("intercept") == ["x"]


def test_a_phone_that_asks_for_a_slot_keeps_it_for_its_caller(office: Office, ben: Device) -> None:
    asking = dialled(office, ben, "b", variables={"capture_group": "105"}, picked_up_after=None)
    parked(asking, action="auto")
    assert asking.details("play"), "it is told the number"
    assert slots(office) == {}
    row = office.within(
        lambda: ParkedCall.objects.create(account_id=office.id, slot="105", call_id="b", parker_id=ben.id, asks=True)
    )
    ended = EndedCall("b", office.id, cause="ATTENDED_TRANSFER", variables=asking.variables)
    office.within(lambda: perform(ended))
    assert office.within(lambda: ParkedCall.objects.get(id=row.id).call_id) == "", "kept for whoever comes"
    call = sent(office, "a", hangs_up_after=2, variables={"capture_group": "105"})
    assert parked(call, action="auto") == "ORIGINATOR_CANCEL"
    assert office.within(ParkedCall.objects.count) == 0


def test_a_call_that_is_gone_holds_no_slot(office: Office, ben: Device) -> None:
    gone = now().replace(year=2020)
    office.within(lambda: ParkedCall.objects.create(account_id=office.id, slot="101", call_id="gone", since=gone))
    assert slots(office) == {}
    branch = parked(sent(office, "a"), ("101",), action="park")
    assert isinstance(branch, Branch)
    assert branch.keys == ("101",)


def test_what_is_no_slot_is_told(office: Office, ben: Device) -> None:
    call = dialled(office, ben, "c", variables={"capture_group": "*1"})
    assert isinstance(parked(call, action="auto"), Branch)
    assert call.details("play")
