"""Setting, hearing and cancelling wake-up calls by phone, and answering one, each on a scripted call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.pbx.callflows.built_in import CHANNEL_VARIABLE, built_in_flow
from apps.pbx.callflows.engine import handle_call
from apps.pbx.callflows.lookup import Arrival, look_up
from apps.pbx.callflows.registry import read_data, verbs
from apps.pbx.devices.models import Device
from apps.pbx.wakeup_calls import calling
from apps.pbx.wakeup_calls.actions import create_wakeup_call
from apps.pbx.wakeup_calls.models import WakeupAttempt, WakeupCall
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.port import CallerHungUp
from tests.pbx_office import Office, office, run

__all__ = ["office"]
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@pytest.fixture
def phone(office: Office) -> Iterator[Device]:
    with account_scope(office.id):
        WakeupCall.across_accounts.all().delete()
        WakeupAttempt.across_accounts.all().delete()
    before = {"timezone": office.account.timezone, "language": office.account.language}
    office.set(timezone="Europe/Berlin", language="de-de")
    yield office.device("1001")
    office.set(**before)


def dials(office: Office, phone: Device | None, *digits: str, behind: str = "", **fields: Any) -> tuple[str, FakeCall]:
    """Dial the code and what is `behind` it, and answer each question; why the flow went on."""
    action = fields.pop("action", "menu")
    fields.setdefault("authorizing_id", phone.id if phone is not None else "")
    variables = {"capture_group": behind} if behind else {}
    call = FakeCall(account_id=office.id, digits=digits, variables=variables, **fields)
    verb = verbs()["wakeup"]
    return run(verb.run(call, read_data(verb, {"action": action}, ["_"]))).why, call


def all_set(office: Office) -> list[tuple[str, list[str]]]:
    def read() -> list[tuple[str, list[str]]]:
        rows = WakeupCall.objects.filter(act_at__isnull=False).order_by("act_at")
        return [(row.document["time"], row.document.get("days", [])) for row in rows]

    return office.within(read)


def test_the_whole_way(office: Office, phone: Device) -> None:
    why, call = dials(office, phone, "1", "0730", "3", "1")
    assert why == "set for 07:30"
    assert all_set(office) == [("07:30", WEEK[:5])]
    assert call.verbs == ["answer", "collect", "collect", "collect", "collect", "play"]
    assert office.within(lambda: AuditEntry.objects.filter(action="wakeup_call.created").exists())


@pytest.mark.parametrize(
    ("keyed", "half", "at"),
    [("0730", "1", "07:30"), ("0730", "2", "19:30"), ("1215", "1", "00:15"), ("1215", "2", "12:15")],
)
def test_where_people_say_am_and_pm_they_are_asked(
    office: Office, phone: Device, keyed: str, half: str, at: str
) -> None:
    office.set(language="en-us")
    assert dials(office, phone, "1", keyed, half, "1", "1")[0] == f"set for {at}"


def test_what_says_which_half_it_is_is_not_asked(office: Office, phone: Device) -> None:
    office.set(language="en-us")
    assert dials(office, phone, "1", "1930", "1", "1")[0] == "set for 19:30"


@pytest.mark.parametrize("digits", [(), ("1",), ("1", "0730"), ("1", "9999", "2575", "12"), ("1", "0730", "1", "9")])
def test_whoever_does_not_know_sets_nothing(office: Office, phone: Device, digits: tuple[str, ...]) -> None:
    why, call = dials(office, phone, *digits)
    assert why in ("nothing chosen", "no wake-up call was set")
    assert all_set(office) == []
    assert not call.ended_with


def test_entered_again_where_it_was_not_meant(office: Office, phone: Device) -> None:
    assert dials(office, phone, "1", "0730", "1", "2", "0815", "2", "1")[0] == "set for 08:15"
    assert all_set(office) == [("08:15", WEEK)]


def test_dialled_with_the_code(office: Office, phone: Device) -> None:
    assert dials(office, phone, behind="0730")[0] == "set for 07:30"
    assert dials(office, phone, behind="0730")[0] == "set for 07:30"
    assert all_set(office) == [("07:30", [])], "the same one twice is one"
    why, call = dials(office, phone, "1915", "1", "1", behind="7777")
    assert why == "set for 19:15"
    assert call.verbs[:3] == ["answer", "play", "collect"], "not a time, asked for one"


def test_a_phone_has_an_end(office: Office, phone: Device) -> None:
    for minute in range(20):
        assert dials(office, phone, behind=f"07{minute:02}")[0] == f"set for 07:{minute:02}"
    assert dials(office, phone, behind="0800")[0] == "the phone has too many wake-up calls"


def test_hearing_and_cancelling(office: Office, phone: Device) -> None:
    assert dials(office, phone, "3", "2")[0] == "0 cancelled"
    dials(office, phone, behind="0730")
    assert dials(office, phone, "3", "2")[0] == "1 cancelled"
    assert all_set(office) == []
    for behind in ("0731", "0732", "0733"):
        dials(office, phone, behind=behind)
    office.set(timezone="Europe/Berlin")
    before = all_set(office)
    assert dials(office, phone, "2", "2", "1", "")[0] == "1 of 3 cancelled"
    assert all_set(office) == [before[0], before[2]]
    assert dials(office, phone, action="cancel")[0] == "2 cancelled"


def test_others_phones_are_not_touched(office: Office, phone: Device) -> None:
    other = office.device("1002")
    dials(office, other, behind="0600")
    assert dials(office, phone, action="cancel")[0] == "0 cancelled"
    assert all_set(office) == [("06:00", [])]


def test_those_of_the_user_are_his_phones_too(office: Office) -> None:
    ada = office.user("ada")
    mine, second = office.device("1005", owner=ada), office.device("1006", owner=ada)
    office.within(lambda: create_wakeup_call({"owner_id": ada.id, "time": "05:00"}, system_principal(office.id)))
    dials(office, second, behind="0600", owner_id=ada.id)
    assert dials(office, mine, action="cancel", owner_id=ada.id)[0] == "1 cancelled"
    assert all_set(office) == [("06:00", [])]


@pytest.mark.parametrize("fields", [{"call_kind": "inbound"}, {"authorizing_id": "0" * 32}, {"authorizing_id": ""}])
def test_no_phone_of_the_account(office: Office, phone: Device, fields: dict[str, Any]) -> None:
    assert dials(office, phone, behind="0730", **fields)[0] == "no phone of the account"
    assert all_set(office) == []


# Answering


@pytest.fixture
def attempt(office: Office, phone: Device) -> str:
    """A wake-up call that rings."""

    def begin() -> str:
        made = create_wakeup_call({"device_id": phone.id, "time": "07:30"}, system_principal(office.id))
        WakeupCall.objects.filter(id=made.id).update(act_at=now())
        found = calling._take(made.id)
        calling._rings(made.id, found)
        return found

    return office.within(begin)


def answers(office: Office, phone: Device, attempt: str, **fields: Any) -> FakeCall:
    variables = {CHANNEL_VARIABLE: "wakeup", "wakeup_attempt": attempt}
    call = FakeCall(
        account_id=office.id, authorizing_id=phone.id, destination="wakeup", variables=variables, is_answered=True,
        **fields,
    )  # fmt: skip
    try:
        run(handle_call(call))
    except CallerHungUp:
        assert "hangs_up_after" in fields
    return call


def result(office: Office) -> tuple[str, bool]:
    def read() -> tuple[str, bool]:
        row = WakeupCall.objects.get()
        return row.last_result, row.act_at is not None

    return office.within(read)


@pytest.mark.parametrize(
    ("key", "expected"), [("1", ("snoozed", True)), ("2", ("confirmed", False)), ("#", ("confirmed", False))]
)
def test_keys_of_whoever_answers(
    office: Office, phone: Device, attempt: str, key: str, expected: tuple[str, bool]
) -> None:
    call = answers(office, phone, attempt, keys=[key])
    assert call.verbs.count("play") == 2
    assert call.ended_with == "NORMAL_CLEARING"
    assert result(office) == expected


def test_the_key_may_come_after_the_words(office: Office, phone: Device, attempt: str) -> None:
    answers(office, phone, attempt, keys=["", "", "", "1"])
    assert result(office) == ("snoozed", True)


def test_who_presses_nothing_hears_it_three_times(office: Office, phone: Device, attempt: str) -> None:
    call = answers(office, phone, attempt)
    assert (call.verbs.count("play"), call.verbs.count("wait")) == (3, 3)
    assert result(office) == ("answered", False)


def test_who_hangs_up_has_answered(office: Office, phone: Device, attempt: str) -> None:
    answers(office, phone, attempt, hangs_up_after=2)
    assert result(office) == ("answered", False)


def test_what_is_ours_is_dialled_by_nobody_else(office: Office, phone: Device) -> None:
    assert built_in_flow("wakeup", "wakeup")
    assert built_in_flow("wakeup", "1001") is None, "a call that was transferred on"

    def refused(built_in: str, dialled: str) -> Any:
        return look_up(Arrival(dialled, "", phone.id, "internal", "", built_in=built_in)).refusal

    assert office.within(lambda: refused("", "wakeup")) == (404, "Not Found")
    assert office.within(lambda: refused("wakeup", "wakeup")) is None
    office.set(enabled=False)
    assert office.within(lambda: refused("wakeup", "wakeup")) == (403, "Account Disabled")
