"""The verb `webhook`: a server is told of the call, which does not wait."""

from __future__ import annotations

from apps.pbx.callflows.engine import handle_call
from apps.pbx.webhooks.models import Delivery
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.port import CallerHungUp, CallerId
from tests.pbx_office import Office, office, run

__all__ = ["office"]


def test_the_call_goes_on_and_the_server_is_told(office: Office) -> None:
    refusal = {"module": "response", "data": {"code": 486}, "children": {}}
    data = {"uri": "https://crm.example.com/call", "retries": "1", "custom_data": {"queue": "sales"}}
    office.callflow(["2000"], {"module": "webhook", "data": data, "children": {"_": refusal}})
    call = FakeCall(account_id=office.id, caller_id=CallerId("Ada", "1001"))
    try:
        run(handle_call(call))
    except CallerHungUp:
        pass
    assert call.ended_with == "SIP 486"
    told = Delivery.everywhere.get(account_id=office.id)
    expected = {"call_id": call.uuid, "caller_id_number": "1001", "to_user": "2000", "queue": "sales"}
    assert told.payload.items() >= expected.items()
    assert told.target == {"uri": "https://crm.example.com/call", "http_verb": "post", "retries": 1}
