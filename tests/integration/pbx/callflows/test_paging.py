"""Phones that answer by themselves: announcements and intercom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from apps.foundation.kit.clock import now
from apps.pbx.callflows import paging
from apps.pbx.callflows.modules import page_group
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.endpoints.legs import Member
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import BridgeResult
from tests.pbx_office import Office, office, run

__all__ = ["office"]


def size(count: int) -> str:
    return json.dumps([{"conference_name": "x", "member_count": count}])


def legs_of(office: Office, names: list[str], data: dict[str, Any] | None = None) -> list[Any]:
    phones = [office.device(name) for name in names]
    endpoints = [{"id": phone.id, "endpoint_type": "device"} for phone in phones]
    read = read_data(verbs()["page_group"], {"audio": "one-way", "endpoints": endpoints, **(data or {})})
    call = FakeCall(account_id=office.id)
    members = [Member(phone.id, "device") for phone in phones]
    return office.within(lambda: page_group._phones(members, page_group._asking(call, read)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("audio", "muted"), [("one-way", True), ("two-way", False)])
def test_each_phone_is_called_into_it_by_itself(office: Office, monkeypatch: Any, audio: Any, muted: bool) -> None:
    monkeypatch.setattr(paging, "_GRACE", 0.0)
    legs = legs_of(office, ["one", "two"])
    call = FakeCall(account_id=office.id, answers=[size(1), "+OK", "+OK", size(3)])
    announcement = paging.Announcement(call, legs, audio, 1)
    run(announcement.call_phones())
    told = [detail for detail in call.details("tell_switch") if detail.startswith("bgapi originate")]
    assert len(told) == 2
    for detail in told:
        assert "sip_auto_answer=true" in detail
        assert "answer-after=0" in detail
        assert "join-only" in detail
        assert ("|mute}" in detail) is muted
        assert f"&conference({announcement.name}@page" in detail
    assert not announcement.unheard


def test_nobody_speaks_to_an_empty_room(office: Office, monkeypatch: Any) -> None:
    monkeypatch.setattr(paging, "_GRACE", 0.0)
    call = FakeCall(account_id=office.id, answers=[size(1), "+OK", size(1)])
    announcement = paging.Announcement(call, legs_of(office, ["one"]), "one-way", 1)
    run(announcement.call_phones())
    assert announcement.unheard
    assert call.details("tell_switch")[-1].endswith("kick all")


def test_each_has_a_delay_a_timeout_and_a_weight(office: Office, monkeypatch: Any) -> None:
    """Who waits is called later; heavier ones come first; nobody has longer than all of them have."""
    monkeypatch.setattr(paging, "_GRACE", 0.0)
    waited: list[float] = []

    async def pass_time(seconds: float) -> None:
        waited.append(round(seconds))

    monkeypatch.setattr(paging.asyncio, "sleep", pass_time)
    phones = [office.device(name) for name in ("late", "light", "heavy")]
    late, light, heavy = phones
    endpoints = [
        {"id": late.id, "endpoint_type": "device", "delay": 30, "weight": 100},
        {"id": light.id, "endpoint_type": "device", "timeout": 3, "weight": 5},
        {"id": heavy.id, "endpoint_type": "device", "weight": 90},
    ]
    data = read_data(verbs()["page_group"], {"audio": "one-way", "endpoints": endpoints, "timeout": 10})
    legs = office.within(
        lambda: page_group._phones(
            page_group.members_of(data), page_group._asking(FakeCall(account_id=office.id), data)
        )
    )
    call = FakeCall(account_id=office.id, answers=[size(1), "+OK", "+OK", "+OK", size(3)])
    run(paging.Announcement(call, legs, "one-way", data.timeout).call_phones())
    told = [detail for detail in call.details("tell_switch") if detail.startswith("bgapi originate")]
    assert [next(one for one in ("late", "light", "heavy") if f"sip:{one}@" in detail) for detail in told] == [
        "heavy", "light", "late",
    ]  # fmt: skip
    assert [detail.partition("originate_timeout=")[2].partition("~")[0] for detail in told] == ["10", "3", "10"]
    assert "leg_delay_start" not in told[2], "the switch would count it as time to answer"
    assert waited[:3] == [0, 0, 30]


def test_a_thousand_phones_and_no_more(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValidationError, match="1000"):
        read_data(verbs()["page_group"], {"endpoints": [{"id": "x", "endpoint_type": "device"}] * 1001})
    legs = legs_of(office, ["one"]) * 1003
    branch = run(paging.page(FakeCall(account_id=office.id), legs, "one-way", 5))
    assert branch.why == "announced to the first 1000 of 1003"
    assert "1003 phones are to be spoken to" in caplog.text


def test_it_ends_with_the_caller(office: Office) -> None:
    call = FakeCall(account_id=office.id)
    branch = run(paging.page(call, legs_of(office, ["one"]), "one-way", 5))
    assert branch.stops
    assert "endconf" in call.conferences[0].flags
    assert call.conferences[0].profile == "page"


@pytest.mark.parametrize(("barges", "count"), [(False, 1), (True, 2)])
def test_phones_with_a_call(office: Office, barges: bool, count: int) -> None:
    LiveChannel.objects.all().delete()
    legs = legs_of(office, ["idle", "talking"])
    busy = legs[1].variables["authorizing_id"]
    LiveChannel.objects.create(
        uuid="leg", account_id=office.id, switch="fs1", direction="inbound", authorizing_id=busy, created=now()
    )
    endpoints = [{"id": leg.variables["authorizing_id"], "endpoint_type": "device"} for leg in legs]
    read = read_data(verbs()["page_group"], {"endpoints": endpoints, "barge_calls": barges})
    asking = page_group._asking(FakeCall(account_id=office.id), read)  # type: ignore[arg-type]
    members = [Member(one["id"], "device") for one in endpoints]
    assert len(office.within(lambda: page_group._phones(members, asking))) == count


def test_forwarded_calls_are_not_announced(office: Office) -> None:
    office.device("away", call_forward={"enabled": True, "number": "+13125550100", "substitute": True})
    from apps.pbx.devices.models import Device

    away = office.within(lambda: Device.objects.get(name="away"))
    call = FakeCall(account_id=office.id)
    data = {"endpoints": [{"id": away.id, "endpoint_type": "device"}]}
    branch = run(verbs()["page_group"].run(call, read_data(verbs()["page_group"], data)))
    assert branch.cause == "SUBSCRIBER_ABSENT"


def intercom(office: Office, extension: str, **data: Any) -> tuple[FakeCall, Branch]:
    call = FakeCall(
        account_id=office.id,
        variables={"capture_group": extension},
        bridges=[BridgeResult(answered=True, cause="SUCCESS")],
    )
    return call, run(verbs()["intercom"].run(call, read_data(verbs()["intercom"], data)))


def test_intercom(office: Office) -> None:
    LiveChannel.objects.all().delete()
    phone = office.device("ben")
    office.callflow(["1002"], {"module": "device", "data": {"id": phone.id}, "children": {}})
    call, branch = intercom(office, "1002")
    (leg,) = call.requests[0].legs
    assert leg.variables["sip_auto_answer"] == "true"
    assert branch.stops
    assert intercom(office, "1003")[1].cause == "SUBSCRIBER_ABSENT"
    LiveChannel.objects.create(
        uuid="leg", account_id=office.id, switch="fs1", direction="inbound", authorizing_id=phone.id, created=now()
    )
    assert intercom(office, "1002")[1].cause == "USER_BUSY"
    assert intercom(office, "1002", barge_calls=True)[0].requests
