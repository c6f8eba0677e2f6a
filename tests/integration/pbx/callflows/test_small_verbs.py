"""The small verbs, each on a scripted call."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import httpx
import pytest

from apps.foundation.events.event import Event
from apps.foundation.identity.principal import system_principal
from apps.pbx.callflows.engine import handle_call
from apps.pbx.callflows.modules import edr
from apps.pbx.callflows.modules.nomorobo import NomoroboData, score_of
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.lists.actions import create_blacklist, create_entry, create_list, create_match_list
from apps.pbx.lists.models import List
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.port import CallerHungUp, CallerId, CallerLeft
from apps.switching.presence import actions as presence_actions
from tests.pbx_office import Office, office, run
from tests.web_server import Answer, customer_server

__all__ = ["office"]
REFUSE = {"module": "response", "data": {"code": 486}, "children": {}}
ADA = CallerId("Ada", "+13125550111")


def step(office: Office, name: str, data: dict[str, Any], *children: str, **fields: Any) -> tuple[Branch, FakeCall]:
    call = FakeCall(account_id=office.id, **fields)
    verb = verbs()[name]
    return run(verb.run(call, read_data(verb, data, (*children, "_")))), call


def left(office: Office, name: str, data: dict[str, Any], **fields: Any) -> FakeCall:
    """The same, for a verb that sends the caller elsewhere."""
    call = FakeCall(account_id=office.id, **fields)
    verb = verbs()[name]
    with pytest.raises(CallerLeft):
        run(verb.run(call, read_data(verb, data, ("_",))))
    return call


def a_list(office: Office, *entries: dict[str, Any]) -> str:
    def make() -> str:
        principal = system_principal(office.id)
        made: List = create_list({"name": "A list"}, principal)
        for entry in entries:
            create_entry(made, entry, principal)
        return made.id

    return office.within(make)


# Who calls


@pytest.mark.parametrize(("regex", "key"), [("^\\+1312", "match"), ("^\\+49", "nomatch")])
def test_check_cid(office: Office, regex: str, key: str) -> None:
    assert step(office, "check_cid", {"regex": regex}, caller_id=ADA)[0].keys == (key,)


def test_check_cid_takes_the_number_itself_or_another_identity(office: Office) -> None:
    assert step(office, "check_cid", {"use_absolute_mode": True}, caller_id=ADA)[0].keys == (ADA.number,)
    data = {"regex": ".", "caller_id": {"external": {"number": "+13125550100"}}, "user_id": "u" * 32}
    _branch, call = step(office, "check_cid", data, caller_id=ADA)
    assert call.caller_id == CallerId("Ada", "+13125550100")
    assert call.owner_id == "u" * 32, "for whatever comes next"


@pytest.mark.parametrize(
    ("entry", "caller", "key"),
    [
        ({"number": "+13125550111"}, "+13125550111", "match"),
        ({"number": "(312) 555-0111"}, "+13125550111", "match"),
        ({"number": "+13125550111"}, "3125550111", "match"),
        ({"number": "1001"}, "1001", "match"),
        ({"pattern": "^\\+1312"}, "13125550111", "match"),
        ({"number": "+13125550112"}, "+13125550111", "nomatch"),
        ({"pattern": "^\\+49"}, "+13125550111", "nomatch"),
        ({"number": "+13125550111"}, "", "nomatch"),
    ],
)
def test_cidlistmatch(office: Office, entry: dict[str, Any], caller: str, key: str) -> None:
    listed = a_list(office, entry)
    assert step(office, "cidlistmatch", {"id": listed}, caller_id=CallerId("", caller))[0].keys == (key,)


def test_cidlistmatch_takes_a_match_list_too(office: Office) -> None:
    listed = a_list(office, {"number": ADA.number})
    rules = [{"type": "regex", "regex": "^\\+49"}, {"type": "list", "list_id": listed}]
    document = {"name": "Some", "rules": rules}
    made = office.within(lambda: create_match_list(document, system_principal(office.id)))
    assert step(office, "cidlistmatch", {"id": made.id}, caller_id=ADA)[0].keys == ("match",)
    assert step(office, "cidlistmatch", {"id": made.id}, caller_id=CallerId("", "1"))[0].keys == ("nomatch",)


def test_lookupcidname(office: Office) -> None:
    first = a_list(office, {"pattern": "^\\+1312", "displayname": "Somebody in Chicago"})
    second = a_list(office, {"number": ADA.number, "firstname": "Ada", "lastname": "Baker"})
    _branch, call = step(office, "lookupcidname", {"lists": [first, second]}, caller_id=ADA)
    assert call.caller_id == CallerId("Ada Baker", ADA.number), "the number itself before a pattern"
    _branch, call = step(office, "lookupcidname", {"lists": [first]}, caller_id=ADA)
    assert call.caller_id.name == "Somebody in Chicago"
    assert step(office, "lookupcidname", {"lists": [second]}, caller_id=CallerId("B", "1"))[1].did == []


# Who is shown


def test_dynamic_cid_asks_for_a_number(office: Office) -> None:
    data = {"action": "manual", "min_digits": 3, "whitelist_regex": "^555"}
    _branch, call = step(office, "dynamic_cid", data, digits=["12", "444444", "555123"])
    assert call.caller_id == CallerId("Ada", "555123")
    assert call.variables["caller_id_chosen"] == "true"
    _branch, call = step(office, "dynamic_cid", data, digits=["1"] * 3)
    assert call.caller_id == CallerId("Ada", "1001"), "his own stays"


def test_dynamic_cid_dials_what_was_captured_outside_only(office: Office) -> None:
    data = {"action": "static", "caller_id": {"name": "Office", "number": "+13125550100"}}
    dialled = {"variables": {"capture_group": "15551230042"}}
    assert step(office, "dynamic_cid", data, **dialled)[0].why.startswith("no callflow answers")
    office.callflow(["no_match"], REFUSE)
    call = left(office, "dynamic_cid", data, **dialled)
    assert call.details("transfer") == ["15551230042"]
    assert call.caller_id == CallerId("Office", "+13125550100")
    office.callflow(["1002"], REFUSE)
    own = {"variables": {"capture_group": "1002"}}
    assert "account's own" in step(office, "dynamic_cid", data, **own)[0].why
    assert left(office, "dynamic_cid", {**data, "permit_custom_callflow": True}, **own).details("transfer") == ["1002"]


def test_dynamic_cid_refuses_what_the_caller_may_not_dial(office: Office) -> None:
    office.callflow(["no_match"], REFUSE)
    phone = office.device("1001", call_restriction={"international": {"action": "deny"}})
    fields = {"variables": {"capture_group": "011493012345678"}, "authorizing_id": phone.id}
    branch, call = step(office, "dynamic_cid", {"action": "static"}, **fields)
    assert (branch.cause, call.verbs) == ("CALL_REJECTED", ["play"])
    call = left(office, "dynamic_cid", {"action": "static", "enforce_call_restriction": False}, **fields)
    again = FakeCall(account_id=office.id, destination="011493012345678", authorizing_id=phone.id)
    again.variables = dict(call.variables)
    run(handle_call(again))
    assert again.ended_with == "SIP 486", "the flow answers it, not the restriction"
    other = FakeCall(account_id=office.id, destination="011493012345679", authorizing_id=phone.id)
    other.variables = dict(call.variables)
    run(handle_call(other))
    assert other.ended_with == "SIP 403", "no other number is let through by it"


def test_dynamic_cid_takes_the_key_from_a_group_of_its_own(office: Office) -> None:
    office.callflow(["no_match"], REFUSE)
    listed = a_list(office, {"number": "+13125550001", "displayname": "One", "capture_group_key": "15"})
    data = {"action": "list", "id": listed, "idx_name": "who"}
    groups = {"capture_group": "15551230042", "capture_group_who": "15"}
    call = left(office, "dynamic_cid", data, variables=groups)
    assert (call.caller_id.name, call.details("transfer")) == ("One", ["15551230042"])
    missed = {"capture_group": "15551230042", "capture_group_who": "151"}
    assert "no entry" in step(office, "dynamic_cid", data, variables=missed)[0].why


def test_dynamic_cid_takes_the_entry_whose_key_was_dialled(office: Office) -> None:
    office.callflow(["no_match"], REFUSE)
    listed = a_list(
        office,
        {"number": "+13125550001", "displayname": "One", "capture_group_key": "1", "capture_group_length": 1},
        {"number": "+13125550012", "displayname": "Twelve", "capture_group_key": "12", "capture_group_length": 2},
    )
    data = {"action": "list", "id": listed}
    call = left(office, "dynamic_cid", data, variables={"capture_group": "1215551230042"})
    assert (call.caller_id, call.details("transfer")) == (CallerId("Twelve", "+13125550012"), ["15551230042"])
    branch, call = step(office, "dynamic_cid", data, variables={"capture_group": "9915551230042"})
    assert (branch.stops, call.verbs) == (True, ["play"])


def test_privacy(office: Office) -> None:
    _branch, call = step(office, "privacy", {})
    assert call.variables["caller_privacy"] == "full"
    assert call.variables["origination_privacy"] == "hide_name:hide_number"
    fields = {"variables": {"caller_privacy": "name"}}
    _branch, call = step(office, "privacy", {"mode": "number", "endpoint_strategy": "merge"}, **fields)
    assert call.variables["caller_privacy"] == "full"
    _branch, call = step(office, "privacy", {"mode": "number"}, **fields)
    assert call.variables["caller_privacy"] == "number"
    office.callflow(["no_match"], REFUSE)
    assert left(office, "privacy", {}, variables={"capture_group": "15551230042"}).details("transfer") == [
        "15551230042"
    ]


# What is remembered


def test_variables_of_ones_own_cannot_be_the_switchs(office: Office) -> None:
    data = {"custom_application_vars": {"execute_on_answer": "system x", "A b-C": 2, "on": True, "deep": {"x": 1}}}
    _branch, call = step(office, "set_variables", data)
    assert dict(call.variables) == {"app_execute_on_answer": "system x", "app_a_b_c": "2", "app_on": "true"}
    hostile = {"x": "a'b{c}[d]^^$e\n\\f"}
    _branch, call = step(office, "set", hostile)
    assert not set("'{}[]^$\n\\") & set(call.variables["app_x"])
    assert step(office, "set", {"skip_module": False})[1].did == []


def test_set_variable(office: Office) -> None:
    assert step(office, "set_variable", {"variable": "call_priority", "value": "9"})[1].variables == {
        "call_priority": "9"
    }
    assert step(office, "set_variable", {"variable": "Tier", "value": "gold"})[1].variables == {"app_tier": "gold"}
    assert step(office, "set_variable", {"variable": "", "value": "x"})[1].did == []


@pytest.mark.parametrize(
    ("variable", "scope", "key"),
    [
        ("Tier", "custom_channel_vars", ("gold",)),
        ("Account-ID", "custom_channel_vars", ("b" * 32,)),
        ("unheard_of", "custom_channel_vars", ()),
        ("call_forward.enabled", "device", ("true",)),
        ("call_forward.enabled", "user", ("false",)),
        ("call_forward.enabled", "merged", ("true",)),
        ("timezone_group", "account", ("west",)),
        ("timezone_group", "merged", ("west",)),
        ("sip.password", "device", ()),
        ("call_forward", "device", ()),
    ],
)
def test_branch_variable(office: Office, variable: str, scope: str, key: tuple[str, ...]) -> None:
    ada = office.user("ada", call_forward={"enabled": False})
    phone = office.device(
        "1001", owner=ada, call_forward={"enabled": True}, sip={"username": "1001", "password": "secret"}
    )
    office.set(document={"timezone_group": "west"})
    fields = {"variables": {"app_tier": "gold", "account_id": office.id}, "authorizing_id": phone.id}
    branch, _call = step(office, "branch_variable", {"variable": variable, "scope": scope}, **fields)
    assert branch.keys == key


def test_branch_bnumber(office: Office) -> None:
    flow = office.callflow(["1002"], REFUSE)
    office.callflow(["no_match"], REFUSE)
    captured = {"variables": {"capture_group": "1002"}}
    assert step(office, "branch_bnumber", {}, destination="2000")[0].keys == ("2000",)
    assert step(office, "branch_bnumber", {}, **captured)[0].keys == ("1002",)
    assert step(office, "branch_bnumber", {"hunt": True}, "1002", **captured)[0].keys == ("1002",)
    hunted = step(office, "branch_bnumber", {"hunt": True}, **captured)[0]
    assert (hunted.callflow_id, hunted.comes_back) == (flow.id, True)
    assert not step(office, "branch_bnumber", {"hunt": True, "hunt_deny": "^10"}, **captured)[0].callflow_id
    assert not step(office, "branch_bnumber", {"hunt": True, "hunt_allow": "^2"}, **captured)[0].callflow_id
    assert not step(office, "branch_bnumber", {"hunt": True}, variables={"capture_group": "77"})[0].callflow_id
    itself = {"variables": {"capture_group": "1002", "callflow_id": flow.id}}
    assert not step(office, "branch_bnumber", {"hunt": True}, **itself)[0].callflow_id


# Digits


def test_digits_are_collected_and_forgotten(office: Office) -> None:
    data = {"collection_name": "Customer No", "max_digits": 4}
    _branch, call = step(office, "collect_dtmf", data, digits=["123456"])
    assert call.variables["digits_customer_no"] == "1234"
    verb = verbs()["flush_dtmf"]
    run(verb.run(call, read_data(verb, {"collection_name": "Customer No"})))
    assert "digits_customer_no" not in call.variables


def test_send_dtmf(office: Office) -> None:
    assert step(office, "send_dtmf", {"digits": "w12#"})[1].details("send_digits") == ["w12#"]


@pytest.mark.parametrize("name", ["dead_air", "wait_for_hangup"])
def test_waiting(office: Office, name: str) -> None:
    _branch, call = step(office, name, {})
    assert call.verbs == (["answer", "wait"] if name == "dead_air" else ["wait"])
    with pytest.raises(CallerHungUp):
        step(office, name, {}, hangs_up_after=1)


# Elsewhere


def test_transfer(office: Office) -> None:
    office.callflow(["1002"], REFUSE)
    assert left(office, "transfer", {"target": "1002"}).details("transfer") == ["1002"]
    assert left(office, "transfer", {}, variables={"capture_group": "1002"}).details("transfer") == ["1002"]
    assert step(office, "transfer", {"target": "1003"})[0].why == "no callflow answers 1003"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"action": "transfer", "data": "2000"}, {"transfer_after_bridge": "2000:XML:internal"}),
        ({"action": "transfer", "data": "2000 XML public"}, {}),
        ({"action": "park", "data": True}, {"park_after_bridge": "true"}),
        ({"action": "park", "data": False}, {}),
        ({"action": "hangup"}, {}),
    ],
)
def test_after_bridge(office: Office, data: dict[str, Any], expected: dict[str, str]) -> None:
    before = {"park_after_bridge": "true", "transfer_after_bridge": "1:XML:internal"}
    assert step(office, "after_bridge", data, variables=before)[1].variables == expected


def test_route_to_cid(office: Office) -> None:
    ada = office.user("ada", caller_id={"internal": {"number": "2000"}})
    office.device("1001", owner=ada)
    office.device("1002", caller_id={"internal": {"number": "2000"}, "external": {"number": "+13125550100"}})
    assert len(step(office, "route_to_cid", {})[1].requests[0].legs) == 2
    assert len(step(office, "route_to_cid", {"endpoint_types": ["device"]})[1].requests[0].legs) == 1
    outside = {"cid_types": ["external"]}
    assert len(step(office, "route_to_cid", outside, destination="+13125550100")[1].requests[0].legs) == 1
    assert not step(office, "route_to_cid", {}, destination="999")[1].requests


def test_set_alert_info(office: Office) -> None:
    _branch, call = step(office, "set_alert_info", {"alert_info": "<http://127.0.0.1>;info=ring2"})
    assert call.variables["alert_info"] == "http://127.0.0.1);info=ring2"


# The rest


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        (httpx.Response(200, json={"score": 7}), 7),
        (httpx.Response(200, json={"score": "99"}), 10),
        (httpx.Response(200, json=[]), None),
        (httpx.Response(200, text="no"), None),
        (httpx.Response(401), None),
    ],
)
def test_nomorobo_scores(answer: httpx.Response, score: int | None) -> None:
    asked: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer

    data = NomoroboData(username="me", password="it")
    assert run(score_of(data, "+13125550111", "+13125550100", httpx.MockTransport(serve))) == score
    assert asked[0].url.params["From"] == "+13125550111"
    assert asked[0].headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(("score", "keys"), [(0, ("0",)), (2, ("0",)), (3, ("3",)), (10, ("3",)), (None, ())])
def test_nomorobo_goes_on_at_the_highest_child_not_above_the_score(
    office: Office, monkeypatch: pytest.MonkeyPatch, score: int | None, keys: tuple[str, ...]
) -> None:
    async def said(*_: object) -> int | None:
        return score

    monkeypatch.setattr("apps.pbx.callflows.modules.nomorobo.score_of", said)
    data = {"username": "me"}
    branch, _call = step(office, "nomorobo", data, "0", "3", caller_id=ADA, destination="+13125550100")
    assert branch.keys == keys


def test_events_of_the_flow(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Event] = []
    for module in (edr, presence_actions):
        monkeypatch.setattr(module, "publish", told.append)
    step(office, "edr", {"stage": "warehouse"})
    step(office, "manual_presence", {"presence_id": "8001@office.test", "status": "busy"})
    assert [event.key for event in told] == ["call.EDR.11111111-2222-3333-4444-555555555555", "presence.update.8001"]
    assert told[0].data()["metadata"] == {"stage": "warehouse"}
    assert told[1].data()["state"] == "confirmed", "a busy lamp is a dialog in conversation (RFC 4235 §3.7.1)"


def test_response_plays_before_it_refuses(office: Office) -> None:
    _branch, call = step(office, "response", {"code": 603, "media": "%(100,0,440)"})
    assert call.verbs == ["pre_answer", "play", "respond"]


# Blacklists of people and phones


def test_a_users_or_devices_blacklist_keeps_phones_from_ringing(office: Office) -> None:
    document = {"name": "No", "numbers": {ADA.number: {}}, "should_block_anonymous": True}
    listed = office.within(lambda: create_blacklist(document, system_principal(office.id)))
    bert = office.user("bert", blacklists=[listed.id])
    office.device("1001", owner=bert)
    cora = office.user("cora")
    own = office.device("1002", owner=cora, blacklists=[listed.id])
    office.device("1003", owner=cora)
    for caller, rung in [(ADA, 0), (CallerId("", "anonymous"), 0), (CallerId("B", "+13125550112"), 1)]:
        branch, call = step(office, "user", {"id": bert.id}, caller_id=caller)
        assert sum(len(request.legs) for request in call.requests) == rung
        assert rung or branch.cause == "CALL_REJECTED"
    _branch, call = step(office, "user", {"id": cora.id}, caller_id=ADA)
    assert len(call.requests[0].legs) == 1
    assert not step(office, "device", {"id": own.id}, caller_id=ADA)[1].requests


def test_nomorobo_is_asked_over_the_network(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with customer_server() as server:
        monkeypatch.setattr("apps.pbx.callflows.modules.nomorobo.ADDRESS", f"{server.url}/v1/check")
        server.pages["/v1/check"] = Answer('{"score": 7}', "application/json")
        data = {"username": "bakery", "password": "s3cret"}
        branch, _call = step(office, "nomorobo", data, "0", "3", caller_id=ADA, destination="+13125550100")
        assert branch.keys == ("3",)
        (asked,) = server.asked
        assert asked.query == {"From": ADA.number, "To": "+13125550100"}
        assert b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"bakery:s3cret"
        server.pages["/v1/check"] = Answer("busy", status=503)
        assert step(office, "nomorobo", data, "0", caller_id=ADA, destination="+13125550100")[0].keys == ()
