"""The verb `pivot`: a customer's server says what the call does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.pbx.callflows.ending import EndedCall, duties_of
from apps.pbx.callflows.engine import handle_call
from apps.pbx.pivot import ended
from apps.pbx.pivot.models import PivotExchange
from apps.pbx.pivot.tasks import NotTaken, send_record
from apps.pbx.pivot.twiml import BadTwiml, read_twiml
from apps.pbx.recordings.models import Recording
from apps.switching.calls.fake import ANSWERED, FakeCall
from apps.switching.calls.port import BridgeResult, CallerHungUp, CallerId
from tests.pbx_office import Office, office, run
from tests.web_server import ADDRESS, Answer, Asked, CustomerServer, customer_server

__all__ = ["office"]
BUSY = BridgeResult(answered=False, cause="USER_BUSY", sip_code=486)
FALLBACK = {"module": "response", "data": {"code": 499}, "children": {}}


@pytest.fixture
def server(settings: Any) -> Iterator[CustomerServer]:
    settings.OUTBOUND_ALLOWED = (f"{ADDRESS}/32",)
    with customer_server() as found:
        yield found


def called(office: Office, data: dict[str, Any], **fields: Any) -> FakeCall:
    """A call to a flow that pivots; `_` refuses with 499."""
    office.callflow(["2000"], {"module": "pivot", "data": data, "children": {"_": FALLBACK}})
    call = FakeCall(account_id=office.id, caller_id=CallerId("Ada", "1001"), **fields)
    try:
        run(handle_call(call))
    except CallerHungUp:
        pass
    return call


def twiml(*steps: str) -> Answer:
    return Answer(f"<Response>{''.join(steps)}</Response>", "text/xml")


def test_a_flow_that_came_is_run(office: Office, server: CustomerServer) -> None:
    flow = {"module": "prepend_cid", "data": {"caller_id_name_prefix": "Web "}, "children": {
        "_": {"module": "response", "data": {"code": 486}, "children": {}}}}  # fmt: skip
    server.pages["/flow"] = Answer(json.dumps(flow), "application/json")
    call = called(office, {"voice_url": f"{server.url}/flow?own=1"})
    assert (call.caller_id.name, call.ended_with) == ("Web Ada", "SIP 486")
    (asked,) = server.asked
    assert asked.method == "GET"
    told = {"own": "1", "Call-ID": call.uuid, "Account-ID": office.id, "From": "1001", "To": "2000",
            "Caller-ID-Name": "Ada", "Caller-ID-Number": "1001", "Direction": "inbound"}  # fmt: skip
    assert asked.query.items() >= told.items()


@pytest.mark.parametrize("form", ["form", "json"])
def test_it_may_be_asked_by_post(office: Office, server: CustomerServer, form: str) -> None:
    server.pages["/flow"] = Answer(json.dumps({"module": "hangup", "data": {}}), "application/json")
    call = called(office, {"voice_url": f"{server.url}/flow", "method": "POST", "req_body_format": form})
    (asked,) = server.asked
    said = asked.form if form == "form" else json.loads(asked.body)
    assert (asked.method, said["Call-ID"], call.ended_with) == ("POST", call.uuid, "NORMAL_CLEARING")


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://127.0.0.1:1/flow", Answer()),
        ("/none", Answer()),
        ("/flow", Answer("not JSON", "application/json")),
        ("/flow", Answer("[]", "application/json")),
        ("/flow", Answer('{"module": 5}', "application/json")),
        ("/flow", Answer("<Response><Shout/></Response>", "text/xml")),
        ("/flow", Answer("<Response>", "text/xml")),
        ("/flow", Answer("x" * 300_000, "application/json")),
        ("/flow", Answer(status=302, headers={"Location": "http://127.0.0.1:1/"})),
        ("/flow", Answer(status=500)),
    ],
)
def test_the_flow_goes_on_where_the_server_says_nothing(
    office: Office, server: CustomerServer, url: str, answer: Answer
) -> None:
    server.pages["/flow"] = answer
    whole = url if url.startswith("http") else f"{server.url}{url}"
    assert called(office, {"voice_url": whole}).ended_with == "SIP 499"


def test_a_menu_in_twiml(office: Office, server: CustomerServer) -> None:
    server.pages |= {
        "/voice": twiml(
            '<Say voice="man" language="en-US">Welcome</Say><Pause length="1"/>',
            '<Gather numDigits="1" action="/key"><Say>Press one</Say></Gather><Redirect>/voice</Redirect>',
        ),
        "/key": lambda asked: twiml(
            '<Variables><Variable key="Order" value="7"/></Variables>', f"<Say>{asked.form['Digits']}</Say>",
            "<Hangup/>",
        ),
    }  # fmt: skip
    call = called(office, {"voice_url": f"{server.url}/voice", "req_format": "twiml"}, digits=["", "5"])
    assert [one.path for one in server.asked] == ["/voice", "/voice", "/key"]
    assert server.asked[2].form["CallSid"] == call.uuid
    assert call.verbs.count("collect") == 2
    assert call.is_answered
    assert call.variables["app_order"] == "7"
    assert call.variables["digits_default"] == "5"
    assert call.ended_with == "NORMAL_CLEARING"


@pytest.mark.parametrize(("reason", "status"), [("busy", "SIP 486"), ("rejected", "SIP 603")])
def test_a_refusal(office: Office, server: CustomerServer, reason: str, status: str) -> None:
    server.pages["/voice"] = twiml(f'<Reject reason="{reason}"/>')
    call = called(office, {"voice_url": f"{server.url}/voice"})
    assert (call.ended_with, call.is_answered) == (status, False)


@pytest.mark.parametrize(("result", "told"), [(BUSY, "busy"), (ANSWERED, "completed")])
def test_somebody_is_rung(office: Office, server: CustomerServer, result: BridgeResult, told: str) -> None:
    phone = office.device("1002")
    server.pages |= {
        "/voice": twiml(f'<Dial action="/after" timeout="9"><Device>{phone.id}</Device></Dial>'),
        "/after": twiml("<Hangup/>"),
    }
    call = called(office, {"voice_url": f"{server.url}/voice"}, bridges=[result])
    assert call.requests[0].timeout == 9
    assert [asked.form["DialCallStatus"] for asked in server.requests("/after")] == [told]


def test_an_extension_and_a_number_nobody_has(office: Office, server: CustomerServer) -> None:
    office.callflow(["1002"], FALLBACK)
    server.pages |= {
        "/voice": twiml('<Dial>1002</Dial><Dial action="/after"><Number>+1 312 555 0100</Number></Dial>'),
        "/after": twiml("<Hangup/>"),
    }
    call = called(office, {"voice_url": f"{server.url}/voice"}, bridges=[BUSY])
    (request,) = call.requests
    assert "loopback/1002/" in str(request.legs[0])
    assert server.requests("/after")[0].form["DialCallStatus"] == "failed", "there is no carrier"


def test_documents_that_lead_to_one_another_for_ever(office: Office, server: CustomerServer) -> None:
    server.pages["/voice"] = twiml("<Redirect>/voice</Redirect>")
    assert called(office, {"voice_url": f"{server.url}/voice"}).ended_with == "SIP 499"
    assert len(server.asked) == 100


def test_what_was_said_is_kept_for_debug(office: Office, server: CustomerServer) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer('{"module": "play", "data": {"loop_count": "often"}}', "application/json")

    server.pages["/flow"] = answer
    call = called(office, {"voice_url": f"{server.url}/flow", "debug": True})

    def kept() -> PivotExchange:
        found: PivotExchange = PivotExchange.objects.get(call_id=call.uuid)
        return found

    exchange = office.within(kept)
    assert (exchange.status_code, exchange.iteration, exchange.method) == (200, 1, "get")
    assert "play" in exchange.resp_body
    assert list(exchange.schema_errors) == ["flow.data.loop_count"]
    assert server.url in exchange.uri


def test_the_call_s_record_is_sent_when_it_is_over(office: Office, server: CustomerServer) -> None:
    server.pages |= {"/flow": Answer('{"module": "hangup", "data": {}}', "application/json"), "/cdr": Answer()}
    call = called(office, {"voice_url": f"{server.url}/flow", "cdr_url": f"{server.url}/cdr"})
    assert (ended.DUTY, {"url": f"{server.url}/cdr"}) in duties_of(call.variables)
    over = EndedCall(call.uuid, office.id, destination="2000", cause="USER_BUSY", variables={"billsec": "7"})
    send_record.run(office.id, f"{server.url}/cdr", ended.record_of(over))
    (sent,) = server.requests("/cdr")
    wanted = {"Call-ID": call.uuid, "To": "2000", "Hangup-Cause": "USER_BUSY", "Billing-Seconds": "7"}
    assert (sent.method, sent.form.items() >= wanted.items()) == ("POST", True)
    with pytest.raises(NotTaken):
        send_record.run(office.id, "http://127.0.0.1:1/", {})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<Response",
        "<Answer/>",
        "<Response><Dial><Say>x</Say></Dial></Response>",
        "<Response>" + "<Hangup/>" * 101 + "</Response>",
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><Response><Say>&x;</Say></Response>',
        '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Response><Say>&b;</Say></Response>',
    ],
)
def test_what_is_no_twiml(text: str) -> None:
    with pytest.raises(BadTwiml):
        read_twiml(text)


def test_what_was_recorded_can_be_fetched(office: Office, server: CustomerServer) -> None:
    server.pages |= {
        "/flow": twiml('<Record action="/said" playBeep="false"/>'),
        "/said": twiml("<Hangup/>"),
    }
    called(office, {"voice_url": f"{server.url}/flow", "req_format": "twiml"}, recorded=[2400])
    (told,) = server.requests("/said")
    recording_id = told.form["RecordingSid"]
    assert told.form["RecordingDuration"] == "2"
    assert told.form["RecordingUrl"].endswith(f"/v2/accounts/{office.id}/recordings/{recording_id}/raw")
    assert office.within(lambda: Recording.objects.filter(id=recording_id).exists())


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"sip:ada@{ADDRESS}:5070;transport=tcp", "completed"),
        ("sip:ada@127.0.0.1", "failed"),
        ("sip:ada@localhost", "failed"),
        ("tel:+13125550100", "failed"),
        ("sip:a'b@example.com", "failed"),
    ],
)
def test_a_sip_address_is_dialled(office: Office, server: CustomerServer, address: str, status: str) -> None:
    dial = f'<Dial action="/after"><Sip username="me" password="open-sesame">{address}</Sip></Dial>'
    server.pages |= {"/flow": twiml(dial), "/after": twiml("<Hangup/>")}
    call = called(office, {"voice_url": f"{server.url}/flow", "req_format": "twiml"}, bridges=[ANSWERED])
    assert [asked.form["DialCallStatus"] for asked in server.requests("/after")] == [status]
    rung = [leg for request in call.requests for leg in request.legs]
    assert [str(leg.target) for leg in rung] == ([f"sofia/external/{address}"] if status == "completed" else [])
    assert all(leg.variables["sip_auth_username"] == "me" for leg in rung)
