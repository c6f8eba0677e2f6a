"""Lamps over the API: who watches what, setting and resetting, below users and devices too."""

from __future__ import annotations

from typing import Any

import pytest

from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.principal import system_principal
from apps.pbx.callflows.actions import create_callflow, delete_callflow, replace_callflow
from apps.pbx.devices.actions import create_device, delete_device
from apps.pbx.lamps.actions import first_rung
from apps.pbx.users.actions import create_user, replace_user
from apps.switching.presence.actions import Watching, remember_subscriptions, set_lamp
from apps.switching.presence.models import LampLine, LampMark, QuietEndpoint, Subscription
from apps.switching.presence.queries import Counts, extensions_of, messages_of
from tests.company import Company
from tests.contracts.planting import ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(company: Company) -> Any:
    account = company.tree.bakery
    with account_scope(account):
        yield account


def request(company: Company, verb: str, path: str, data: Any = None, status: int = 200) -> Any:
    answer = ask(company.people["alice"], verb, f"accounts/{company.tree.bakery.id}/{path}", data)
    assert answer.status_code == status, answer.content
    return answer.json()["data"]


def person(account: Any, **document: Any) -> Any:
    given = {"first_name": "Ada", "last_name": "Byron", "username": "ada.byron", "password": "correct horse 9"}
    return create_user({**given, **document}, system_principal(account.id))


def test_an_extension_is_set_and_reset(company: Company, office: Any) -> None:
    done = request(company, "POST", "presence/8001", {"action": "set", "state": "early"})
    assert done == {"lamps": {"8001": "early"}}
    assert request(company, "GET", "presence")["lamps"] == {"8001": "early"}
    found = request(company, "GET", "presence/8001")
    assert (found["id"], found["state"]) == ("8001", "early")
    assert request(company, "POST", "presence/8001", {"action": "reset"}) == {"lamps": {"8001": "terminated"}}
    request(company, "GET", "presence/8001", status=404)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("presence/8001", {"action": "set"}),
        ("presence/8001", {"action": "blink"}),
        ("presence/8001", {"action": "set", "state": "purple"}),
        ("presence", {"action": "set", "state": "early"}),
    ],
)
def test_what_cannot_be_done_is_refused(company: Company, office: Any, path: str, data: Any) -> None:
    request(company, "POST", path, data, status=400)
    assert not LampMark.objects.filter(account_id=office.id).exists()


def test_who_watches_is_listed_as_kazoo_lists_it(company: Company, office: Any) -> None:
    watching = Watching("fs1", "call-1", office.id, "1002", "dialog", f"cleo@{office.realm}", 300)
    remember_subscriptions([watching])
    entry = request(company, "GET", "presence")["subscriptions"]["1002"]["dialog"]["call-1"]
    assert entry["from"] == f"cleo@{office.realm}"
    assert 290 < entry["expires"] <= 300
    remember_subscriptions([Watching("fs1", "call-1", office.id, "1002", "dialog", "", 0)])
    assert not Subscription.objects.filter(account_id=office.id).exists()


def test_below_a_user_all_of_his_lamps_are_meant(company: Company, office: Any) -> None:
    ada = person(office, presence_id="2001")
    flow = {"module": "user", "data": {"id": ada.id}, "children": {}}
    create_callflow({"name": "ada", "numbers": ["2002", "2003"], "flow": flow}, system_principal(office.id))
    done = request(company, "POST", f"users/{ada.id}/presence", {"action": "set", "state": "confirmed"})
    assert done["lamps"] == dict.fromkeys(("2001", "2002", "2003"), "confirmed")
    assert request(company, "GET", f"users/{ada.id}/presence")["lamps"] == done["lamps"]
    request(company, "POST", f"users/{'f' * 32}/presence", {"action": "reset"}, status=404)


def test_lines_follow_the_documents(company: Company, office: Any) -> None:
    system = system_principal(office.id)
    phone = create_device({"name": "desk", "sip": {"username": "desk1", "password": "correct-horse-7"}}, system)
    assert extensions_of(office.id, phone.id) == ["desk1"]
    flow = {"module": "device", "data": {"id": phone.id}, "children": {}}
    callflow = create_callflow({"name": "desk", "numbers": ["3001", "+13125550188"], "flow": flow}, system)
    assert extensions_of(office.id, phone.id) == ["3001", "desk1"]
    replace_callflow(callflow, {"name": "desk", "numbers": ["3002"], "flow": flow}, system)
    assert extensions_of(office.id, phone.id) == ["3002", "desk1"]
    delete_callflow(callflow, system)
    delete_device(phone, system)
    assert not LampLine.objects.filter(account_id=office.id, endpoint_id=phone.id).exists()


def test_do_not_disturb_is_noted_and_forgotten(company: Company, office: Any) -> None:
    ada = person(office, do_not_disturb={"enabled": True})
    assert QuietEndpoint.objects.filter(endpoint_id=ada.id).exists()
    document = {key: value for key, value in ada.to_document().items() if key != "do_not_disturb"}
    replace_user(ada, document, system_principal(office.id))
    assert not QuietEndpoint.objects.filter(endpoint_id=ada.id).exists()


def test_hand_and_slot_do_not_put_each_other_out(company: Company, office: Any) -> None:
    set_lamp(office.id, "8001", "early", source="slot")
    set_lamp(office.id, "8001", "confirmed")
    assert request(company, "GET", "presence")["lamps"] == {"8001": "confirmed"}
    request(company, "POST", "presence/8001", {"action": "reset"})
    assert request(company, "GET", "presence")["lamps"] == {"8001": "early"}


def test_an_owners_phones_show_all_his_mailboxes(company: Company, office: Any) -> None:
    from apps.switching.presence.actions import set_message_waiting

    system, ada = system_principal(office.id), person(office)
    sip = {"username": "ada1", "password": "correct-horse-7"}
    create_device({"name": "ada's", "owner_id": ada.id, "sip": sip}, system)
    set_message_waiting(office.id, "a" * 32, number="2001", owner_id=ada.id, new=2, saved=1)
    set_message_waiting(office.id, "b" * 32, number="2009", owner_id=ada.id, new=1)
    found = {name: counts for (_account, name), counts in messages_of([office.id]).items()}
    assert found == {"2001": Counts(2, 1), "2009": Counts(1, 0), "ada1": Counts(3, 1)}


def test_a_phone_that_wants_no_unasked_lamps_is_told_once_it_asks(company: Company, office: Any) -> None:
    from apps.switching.presence.actions import set_message_waiting

    system, ada = system_principal(office.id), person(office)
    sip = {"username": "ada2", "password": "correct-horse-7"}
    create_device({"name": "quiet", "owner_id": ada.id, "sip": sip, "mwi_unsolicited_updates": False}, system)
    set_message_waiting(office.id, "a" * 32, owner_id=ada.id, new=2)
    assert messages_of([office.id]) == {}
    asked = Watching("fs1", "dialog", office.id, "ada2", "message-summary", "ada2@x", 600)
    remember_subscriptions([asked])
    assert messages_of([office.id]) == {(office.id, "ada2"): Counts(2, 0)}


@pytest.mark.parametrize(
    ("flow", "rung"),
    [
        ({"module": "user", "data": {"id": "u"}}, "u"),
        ({"module": "play", "data": {}, "children": {"_": {"module": "device", "data": {"id": "d"}}}}, "d"),
        ({"module": "menu", "data": {"id": "m"}, "children": {"1": {"module": "user", "data": {"id": "u"}}}}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_whom_a_flow_rings_first(flow: Any, rung: str) -> None:
    assert first_rung(flow) == rung
