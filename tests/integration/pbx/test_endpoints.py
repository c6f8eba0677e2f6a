"""Who is rung, and who is not: the rules of devices, users and groups over real rows."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.pbx.endpoints.legs import Asking, Member
from apps.pbx.endpoints.queries import Resolution, caller_identity, resolve
from apps.pbx.endpoints.turns import weighted_order
from apps.switching.calls.dial_string import Contact, Leg, Redial
from apps.switching.calls.port import CallerId
from tests.pbx_office import Office, office

__all__ = ["office"]


def ring(office: Office, *members: Member, **asking: Any) -> Resolution:
    return office.within(lambda: resolve(members, Asking(**asking)))


def rung(resolution: Resolution) -> list[str]:
    """What is dialled: the user part of a contact, or `→number` for a forward."""
    return [
        f"→{leg.target.number}" if isinstance(leg.target, Redial) else str(leg.target).split("sip:")[1].split("@")[0]
        for leg in resolution.legs
    ]


def only(resolution: Resolution) -> Leg:
    (leg,) = resolution.legs
    return leg


def device(identifier: str, **more: Any) -> Member:
    return Member(identifier, "device", **more)


def test_a_device_is_rung_where_it_is_registered(office: Office) -> None:
    phone = office.device("1001")
    office.register(phone, "sip:1001@192.0.2.8:5060;transport=tcp")
    office.register(phone, "sip:old@192.0.2.9:5060", seconds=-1)
    legs = ring(office, device(phone.id, timeout=15, delay=2)).legs
    assert [leg.target for leg in legs] == [
        Contact("sip:1001@192.0.2.7:5060"),
        Contact("sip:1001@192.0.2.8:5060;transport=tcp"),
    ]
    assert (legs[0].timeout, legs[0].delay) == (15, 2)
    assert legs[0].variables["authorizing_id"] == phone.id


@pytest.mark.parametrize(
    ("options", "asking", "reason"),
    [
        ({"enabled": False}, {}, "disabled"),
        ({"registered": False}, {}, "not registered"),
        ({"do_not_disturb": {"enabled": True}}, {}, "do not disturb"),
        ({}, {"self": True}, "calling device"),
        ({"contact": "sip:x@y,sofia/internal/sip:z@w"}, {}, "not a contact"),
    ],
)
def test_who_is_not_rung(office: Office, options: dict[str, Any], asking: dict[str, Any], reason: str) -> None:
    phone = office.device("1001", **options)
    resolution = ring(office, device(phone.id), authorizing_id=phone.id if asking else "")
    assert resolution.legs == ()
    assert reason in resolution.skipped[0]


def test_the_calling_device_rings_where_it_may_call_itself(office: Office) -> None:
    phone = office.device("1001")
    assert rung(ring(office, device(phone.id), authorizing_id=phone.id, can_call_self=True)) == ["1001"]


def test_a_user_is_all_his_devices_and_his_do_not_disturb_is_theirs(office: Office) -> None:
    anna, ben = office.user("anna"), office.user("ben", do_not_disturb={"enabled": True})
    office.device("1001", owner=anna), office.device("1002", owner=anna), office.device("2001", owner=ben)
    assert sorted(rung(ring(office, Member(anna.id, "user")))) == ["1001", "1002"]
    assert rung(ring(office, Member(ben.id, "user"))) == []
    assert rung(ring(office, Member(anna.id, "user"), owner_id=anna.id)) == []


FORWARD = {"enabled": True, "number": "1003", "require_keypress": False}


@pytest.mark.parametrize(
    ("forward", "asking", "expected"),
    [
        (FORWARD, {}, ["→1003"]),
        (FORWARD | {"enabled": False}, {}, ["1002"]),
        (FORWARD | {"substitute": False}, {}, ["→1003", "1002"]),
        (FORWARD | {"direct_calls_only": True}, {"direct": False}, ["1002"]),
        (FORWARD | {"direct_calls_only": True}, {"direct": True}, ["→1003"]),
        (FORWARD | {"number": "(555) 123-4567"}, {}, ["→5551234567"]),
        (FORWARD | {"number": ""}, {}, ["1002"]),
    ],
)
def test_call_forwarding(office: Office, forward: dict[str, Any], asking: dict[str, Any], expected: list[str]) -> None:
    phone = office.device("1002", call_forward=forward)
    assert rung(ring(office, device(phone.id), **asking)) == expected


def test_a_users_forwarding_is_one_leg_however_many_devices(office: Office) -> None:
    anna = office.user("anna", call_forward=FORWARD)
    office.device("1001", owner=anna), office.device("1002", owner=anna)
    assert rung(ring(office, Member(anna.id, "user"))) == ["→1003"]


def test_failover_forwards_only_where_nothing_is_registered(office: Office) -> None:
    forward = FORWARD | {"enabled": False, "failover": True}
    away = office.device("1100", registered=False, call_forward=forward)
    here = office.device("1101", call_forward=forward)
    assert rung(ring(office, device(away.id))) == ["→1003"]
    assert rung(ring(office, device(here.id))) == ["1101"]
    anna = office.user("anna", call_forward=forward)
    office.device("1102", owner=anna, registered=False)
    assert rung(ring(office, Member(anna.id, "user"))) == ["→1003"]


def test_a_forwarded_leg_is_a_new_call_of_the_account(office: Office) -> None:
    office.set(document={"caller_id": {"internal": {"name": "Office", "number": "1000"}}})
    forward = FORWARD | {"require_keypress": True, "keep_caller_id": False}
    leg = only(ring(office, device(office.device("1002", call_forward=forward).id)))
    assert leg.target == Redial("1003", "internal")
    assert leg.variables["account_id"] == office.id
    assert leg.variables["group_confirm_key"] == "1"
    assert leg.variables["origination_caller_id_number"] == "1000"
    kept = only(ring(office, device(office.device("1004", call_forward=FORWARD).id)))
    assert "origination_caller_id_number" not in kept.variables
    assert "group_confirm_key" not in kept.variables


def test_cellphones_are_their_forward_number_alone(office: Office) -> None:
    phone = office.device("cell", device_type="cellphone", registered=False, call_forward={"number": "+13125550100"})
    assert rung(ring(office, device(phone.id))) == ["→+13125550100"]


@pytest.mark.parametrize(
    ("sip", "uri"),
    [
        ({"invite_format": "npan"}, "sip:3125550111@192.0.2.7:5060"),
        ({"invite_format": "1npan"}, "sip:13125550111@192.0.2.7:5060"),
        ({"invite_format": "e164"}, "sip:+13125550111@192.0.2.7:5060"),
        ({"invite_format": "strip_plus"}, "sip:13125550111@192.0.2.7:5060"),
        ({"invite_format": "username", "username": "anna"}, "sip:anna@192.0.2.7:5060"),
        ({"invite_format": "route", "route": "sip:trunk@198.51.100.7"}, "sip:trunk@198.51.100.7"),
        ({"method": "ip", "ip": "198.51.100.9", "username": "pbx"}, "sip:pbx@198.51.100.9"),
        ({"method": "ip", "ip": "198.51.100.9"}, "sip:198.51.100.9"),
    ],
)
def test_how_a_phone_is_invited(office: Office, sip: dict[str, Any], uri: str) -> None:
    phone = office.device("1001", sip=sip)
    assert only(ring(office, device(phone.id), dialled="+13125550111")).target == Contact(uri)


def test_groups_in_groups_and_nobody_twice(office: Office) -> None:
    anna = office.user("anna")
    first, second = office.device("1001", owner=anna), office.device("1002")
    inner = office.group("inner", **{f"_{anna.id}": "user", f"_{second.id}": "device"})
    outer = office.group("outer", **{f"_{inner.id}": "group", f"_{first.id}": "device"})
    loop = office.group("loop")
    office.within(
        lambda: type(loop).objects.filter(id=loop.id).update(document={"endpoints": {loop.id: {"type": "group"}}})
    )
    assert sorted(rung(ring(office, Member(outer.id, "group", delay=4)))) == ["1001", "1002"]
    assert rung(ring(office, Member(loop.id, "group"))) == []


def test_the_callers_own_identity(office: Office) -> None:
    office.set(document={"caller_id": {"external": {"number": "+13125550100", "name": "Office"}}})
    anna = office.user("anna", caller_id={"external": {"number": "+13125550101"}})
    cid = {"external": {"number": "+13125550102"}, "emergency": {"number": "+13125550103"}}
    phone = office.device("1001", owner=anna, caller_id=cid)

    def shown(kind: str) -> CallerId:
        return office.within(lambda: caller_identity(kind, authorizing_id=phone.id, owner_id=anna.id))

    assert shown("external") == CallerId("Office", "+13125550101")
    assert shown("emergency") == CallerId("", "+13125550103")
    office.set(document={"prefer_device_caller_id": True})
    assert shown("external").number == "+13125550102"


@pytest.mark.parametrize("size", [1, 40])
def test_the_number_of_queries_does_not_grow(office: Office, size: int) -> None:
    members = []
    for number in range(size):
        owner = office.user(f"user{number}")
        office.device(f"a{number}", owner=owner)
        members += [Member(owner.id, "user"), device(office.device(f"b{number}", call_forward=FORWARD).id)]

    def counted() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(resolve(members, Asking()).legs) == 2 * size
        return len([query for query in queries if "search_path" not in query["sql"]])

    assert office.within(counted) == 4


def test_a_heavier_member_comes_first_more_often() -> None:
    heavy, light = Member("heavy", "device", weight=40), Member("light", "device", weight=20)
    first = [weighted_order([light, heavy])[0].id for _ in range(3000)]
    assert 1850 < first.count("heavy") < 2150
