"""Who is shown as calling: what the dialled number adds, the name of a number that calls out, and who is told of
emergency calls."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from apps.commerce.carriers.models import CarrierResource
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.pbx.callflows import emergency_mails
from apps.pbx.callflows.engine import handle_call
from apps.pbx.callflows.outgoing import outgoing_identity
from apps.pbx.callflows.presenting import FEATURES
from apps.pbx.callflows.registry import read_data, verbs
from apps.pbx.lists.models import ListEntry
from apps.pbx.numbers.models import PhoneNumber
from apps.switching.calls.fake import ANSWERED, FakeCall
from apps.switching.calls.port import CallerHungUp, CallerId
from tests.pbx_office import MASTER, Office, office, run

__all__ = ["office"]
DID = "+13125550100"
ADDRESS = {"street_address": "1 Oven Street", "locality": "Chicago", "region": "IL", "postal_code": "60601"}


@pytest.fixture
def number(office: Office) -> Any:
    def give(**document: Any) -> None:
        PhoneNumber.objects.filter(number=DID).delete()
        PhoneNumber.objects.create(number=DID, account_id=office.id, state="in_service", document=document)

    return give


def called(office: Office, **variables: str) -> CallerId:
    """Who is shown to whoever is rung."""
    device = office.device("desk")
    office.callflow([DID], {"module": "device", "data": {"id": device.id}, "children": {}})
    call = FakeCall(
        account_id=office.id,
        destination=DID,
        call_kind="inbound",
        caller_id=CallerId("WIRELESS CALLER", "+14155550111"),
        original_caller_id=CallerId("WIRELESS CALLER", "+14155550111"),
        variables={"dialed_number": DID, **variables},
        bridges=[ANSWERED],
    )
    try:
        run(handle_call(call))
    except CallerHungUp:
        pass
    assert len(call.requests) == 1
    return call.caller_id


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"prepend": {"enabled": True, "name": "Sales: "}}, CallerId("Sales: WIRELESS CALLER", "+14155550111")),
        ({"prepend": {"enabled": True, "number": "9"}}, CallerId("WIRELESS CALLER", "9+14155550111")),
        ({"prepend": {"enabled": False, "name": "Sales: "}}, CallerId("WIRELESS CALLER", "+14155550111")),
        ({"cnam": {"inbound_lookup": True}}, CallerId("Grace Hopper", "+14155550111")),
        (
            {"cnam": {"inbound_lookup": True}, "prepend": {"enabled": True, "name": "Sales: "}},
            CallerId("Sales: Grace Hopper", "+14155550111"),
        ),
    ],
)
def test_a_number_says_how_its_callers_are_shown(
    office: Office, number: Any, document: dict[str, Any], expected: CallerId
) -> None:
    number(**document)
    office.within(
        lambda: ListEntry.objects.create(
            account_id=office.id,
            list_id="1" * 32,
            number="(415) 555-0111",
            normal_number="+14155550111",
            document={"displayname": "Grace Hopper"},
        )
    )
    assert called(office, **{FEATURES: "prepend.inbound_cnam"}) == expected


def test_calls_to_other_numbers_are_left_alone(office: Office, number: Any) -> None:
    number(prepend={"enabled": True, "name": "Sales: "})
    assert called(office).name == "WIRELESS CALLER"


def test_the_name_of_a_number_goes_out_with_it(office: Office, number: Any) -> None:
    number(cnam={"display_name": "Corner Bakery"})

    def shown(own: str, keeps: bool = False) -> CallerId:
        office.set(document={"caller_id": {"external": {"name": "Somebody", "number": own}}})
        account = Account.objects.get(id=office.id)
        return office.within(
            lambda: (
                outgoing_identity(
                    account, CallerId("A", "1"), kind="external", authorizing_id="", owner_id="", keeps=keeps
                ).caller_id
            )
        )

    assert shown(DID) == CallerId("Corner Bakery", DID)
    assert shown("312 555 0100").name == "Corner Bakery"
    assert shown("+13125550199").name == "Somebody"
    assert shown(DID, keeps=True).name == "A"


def test_whoever_is_named_is_mailed_about_an_emergency_call(
    office: Office, number: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emergency_mails, "enqueue", lambda task, *arguments: task.run(*arguments))
    number(e911={**ADDRESS, "notification_contact_emails": ["desk@example.com", "boss@example.com"]})
    office.set(document={"caller_id": {"emergency": {"name": "Bakery", "number": DID}}})
    with account_scope(MASTER):
        CarrierResource.objects.create(
            account_id=MASTER, name="out", rules=["^(.+)$"], document={"gateways": [{"server": "out.test"}]}
        )
    call = FakeCall(account_id=office.id, destination="911", bridges=[ANSWERED])
    verb = verbs()["resources"]
    run(verb.run(call, read_data(verb, {}, [])))

    assert sorted(one.to[0] for one in mail.outbox) == ["boss@example.com", "desk@example.com"]
    assert "1 Oven Street, Chicago, IL, 60601" in mail.outbox[0].body
    assert "911" in mail.outbox[0].subject
