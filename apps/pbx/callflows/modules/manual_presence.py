from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call
from apps.switching.presence.actions import set_lamp

_STATES = {"idle": "terminated", "ringing": "early", "busy": "confirmed"}


class ManualPresenceData(VerbData):
    presence_id: str = Field(min_length=1, max_length=128, description="The extension whose lamp is set.")
    status: Literal["idle", "ringing", "busy"] = Field("idle", description="How the lamp shows it.")


class SetLamp(Verb[ManualPresenceData]):
    """Set a lamp by hand: day and night, open and closed."""

    Data = ManualPresenceData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"presence_id": "8001", "status": "busy"},)

    async def run(self, call: Call, data: ManualPresenceData) -> Branch:
        presence_id = data.presence_id.partition("@")[0]
        await in_account(call.account_id, set_lamp, call.account_id, presence_id, _STATES[data.status])
        return go_on(why=f"the lamp {presence_id} is {data.status}")
