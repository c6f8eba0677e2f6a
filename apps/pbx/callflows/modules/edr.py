from __future__ import annotations

from typing import Any, ClassVar

from apps.foundation.accounts.bridge import in_account
from apps.foundation.events.publishing import publish
from apps.pbx.callflows.events import CallNoted
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call


class EdrData(VerbData):
    pass


class AnnounceEvent(Verb[EdrData]):
    """Tell whoever listens to the account's events that the call came by here, with the fields of the data."""

    Data = EdrData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"stage": "reached the warehouse"},)

    async def run(self, call: Call, data: EdrData) -> Branch:
        fields = {
            "interaction_id": call.interaction_id,
            "caller_id_name": call.caller_id.name,
            "caller_id_number": call.caller_id.number,
            "to": call.destination,
            "callflow_id": call.variables.get("callflow_id", ""),
        }
        event = CallNoted(call.account_id, call.uuid, fields, dict(data.model_extra or {}))
        await in_account(call.account_id, publish, event)
        return go_on(why="announced")
