"""The call is over: tell the customer's server how it went (`cdr_url`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.foundation.events.outbox import enqueue
from apps.pbx.callflows.ending import EndedCall, at_call_end
from apps.pbx.pivot.tasks import send_record

DUTY = "pivot_cdr"


@at_call_end(DUTY)
def tell(ended: EndedCall, data: Mapping[str, Any]) -> None:
    """Have the record sent to `data["url"]`."""
    enqueue(send_record, ended.account_id, str(data["url"]), record_of(ended))


def record_of(ended: EndedCall) -> dict[str, str]:
    """The form that is sent, in KAZOO's names. Seconds."""
    variables = ended.variables
    found = {
        "Call-ID": ended.call_id,
        "Account-ID": ended.account_id,
        "Interaction-ID": ended.interaction_id,
        "Call-Direction": "inbound",
        "From": ended.caller_id.number,
        "To": ended.destination,
        "Caller-ID-Name": ended.caller_id.name,
        "Caller-ID-Number": ended.caller_id.number,
        "Hangup-Cause": ended.cause,
        "Duration-Seconds": variables.get("duration", ""),
        "Billing-Seconds": variables.get("billsec", ""),
        "Other-Leg-Call-ID": variables.get("last_bridge_to", ""),
    }
    return {name: value for name, value in found.items() if value}
