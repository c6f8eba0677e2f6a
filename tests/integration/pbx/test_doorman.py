"""The verb `doorman`: who calls says his name, who is called decides."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from apps.foundation.identity.principal import system_principal
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.lists.actions import create_entry, create_list
from apps.switching.calls.fake import ANSWERED, FakeCall
from apps.switching.calls.port import BridgeResult, CallerId
from tests.pbx_office import Office, office, run

__all__ = ["office"]
_serial = itertools.count(1001)
PAT = CallerId("Pat", "+13125550111")
BUSY = BridgeResult(answered=False, cause="USER_BUSY", sip_code=486)


def refused(key: str) -> BridgeResult:
    return BridgeResult(answered=False, cause="CALL_REJECTED", key=key)


def screened(office: Office, *children: str, result: BridgeResult = ANSWERED, **more: Any) -> tuple[Branch, FakeCall]:
    phone = office.device(f"phone{next(_serial)}")
    fields = {"call_kind": "inbound", "recorded": [1200], **more.pop("fields", {})}
    call = FakeCall(account_id=office.id, original_caller_id=PAT, caller_id=PAT, bridges=[result], **fields)
    data = {"id": phone.id, "endpoint_type": "device", **more}
    verb = verbs()["doorman"]
    return run(verb.run(call, read_data(verb, data, (*children, "_")))), call


def test_the_called_person_hears_who_it_is_and_must_press_1(office: Office) -> None:
    branch, call = screened(office, "REJECTED")
    assert branch.stops
    (request,) = call.requests
    (leg,) = request.legs
    (name,) = call.details("record")
    assert leg.variables["group_confirm_key"] == "1"
    assert name.split()[0] in leg.variables["group_confirm_file"]
    assert leg.variables["origination_uuid"]
    assert request.refusing_keys == "23"
    assert call.is_answered


@pytest.mark.parametrize(("key", "keys"), [("2", ("REJECTED",)), ("3", ("VOICEMAIL", "REJECTED"))])
def test_what_the_called_person_says(office: Office, key: str, keys: tuple[str, ...]) -> None:
    branch, _call = screened(office, "REJECTED", "VOICEMAIL", result=refused(key))
    assert (branch.keys, branch.cause) == (keys, "CALL_REJECTED")


def test_nobody_takes_it(office: Office) -> None:
    assert screened(office, result=BUSY)[0].keys == ("USER_BUSY", "sip:486")


def test_a_caller_who_says_nothing_is_his_number(office: Office) -> None:
    _branch, call = screened(office, fields={"recorded": [0]})
    (name,) = call.details("record")
    assert name.split()[0] not in call.requests[0].legs[0].variables["group_confirm_file"]


def test_known_callers_are_not_asked(office: Office) -> None:
    def make() -> str:
        principal = system_principal(office.id)
        made = create_list({"name": "Friends"}, principal)
        create_entry(made, {"number": PAT.number}, principal)
        return str(made.id)

    friends = office.within(make)
    for more in ({"known_lists": [friends]}, {"fields": {"call_kind": "internal"}}):
        branch, call = screened(office, **more)
        assert branch.stops
        assert call.verbs == ["bridge"]
        assert "group_confirm_key" not in call.requests[0].legs[0].variables
    assert "record" in screened(office, screen_internal=True, fields={"call_kind": "internal"})[1].verbs
    assert "record" in screened(office, known_lists=["0" * 32])[1].verbs
