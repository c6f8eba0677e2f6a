from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on, stop
from apps.pbx.callflows.ringing import BRIDGE_CHILDREN, NOBODY, Ring, ring
from apps.pbx.pickup.queries import behind
from apps.switching.calls.port import Call


class IntercomData(VerbData):
    barge_calls: bool = Field(False, description="Speak also to a phone that has a call.")
    timeout: int = Field(20, ge=1, le=120, description="Seconds a phone may take that does not answer by itself.")


class Intercom(Verb[IntercomData]):
    """Speak to the phone of the extension dialled behind the code, without its ringing: it answers by itself.

    A phone that has a call is busy, unless `barge_calls` is set.
    """

    Data = IntercomData
    children = BRIDGE_CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"barge_calls": True})

    async def run(self, call: Call, data: IntercomData) -> Branch:
        extension = call.variables.get("capture_group", "")
        members = await in_account(call.account_id, behind, extension) if extension else []
        if not members:
            return go_on(NOBODY, cause=NOBODY, why=f"no phone answers to {extension or 'nothing'}")
        wanted = Ring(tuple(members), timeout=data.timeout, skip_busy=not data.barge_calls, answers_itself=True)
        return await ring(call, wanted)

    def explain(self, asking: Asking, data: IntercomData) -> Branch | list[Branch]:
        if not behind(asking.capture_group):
            return go_on(NOBODY, why=f"no phone answers to {asking.capture_group or 'nothing'}")
        return [stop(why=f"speaks to {asking.capture_group}"), go_on("USER_BUSY", why="it has a call")]
