from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.clock import now, to_gregorian
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.webhooks.actions import send_once
from apps.pbx.webhooks.documents import MOST_RETRIES, RETRIES, Small
from apps.switching.calls.port import Call


class WebhookData(VerbData):
    uri: str = Field(min_length=8, max_length=2048, pattern=r"^https?://\S+$", description="Who is told.")
    http_verb: Annotated[Literal["post", "get"], Small] = Field("post", description="The method of the request.")
    retries: int = Field(RETRIES, ge=0, le=MOST_RETRIES, description="How often a request that failed is made again.")
    custom_data: dict[str, Any] = Field(default_factory=dict, description="Sent with what is said of the call.")


class TellServer(Verb[WebhookData]):
    """Tell a web server of the call: who calls, whom, and whatever else is given. The call does not wait for it.
    What was sent is in the log of webhooks (`/webhooks/attempts`)."""

    Data = WebhookData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"uri": "https://crm.example.com/call", "custom_data": {"queue": "sales"}},
        {"uri": "https://crm.example.com/call", "http_verb": "get", "retries": 0},
    )

    async def run(self, call: Call, data: WebhookData) -> Branch:
        target = {"uri": data.uri, "http_verb": data.http_verb, "retries": data.retries}
        uid = await in_account(call.account_id, send_once, target, {**told_of(call), **data.custom_data})
        return go_on(why=f"told in a moment, as {uid}")


def told_of(call: Call) -> dict[str, Any]:
    """What is said of the call, in the names of KAZOO's."""
    known = {
        "hook_event": "callflow",
        "account_id": call.account_id,
        "call_id": call.uuid,
        "interaction_id": call.interaction_id,
        "call_direction": "inbound",
        "caller_id_name": call.caller_id.name,
        "caller_id_number": call.caller_id.number,
        "from_user": call.original_caller_id.number,
        "to_user": call.destination,
        "request_user": call.destination,
        "authorizing_id": call.authorizing_id,
        "owner_id": call.owner_id,
        "switch_nodename": call.switch,
        "timestamp": to_gregorian(now()),
    }
    return {name: value for name, value in known.items() if value != ""}
