from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.media.speech import Prompt, sound
from apps.pbx.ring_groups.actions import toggle_member
from apps.switching.calls.port import Call


class RingGroupToggleData(VerbData):
    action: Literal["login", "logout"] = Field("login", description="Be rung again, or no longer.")
    callflow_id: str = Field("", max_length=128, description="The callflow with the ring group.")
    duration: int = Field(
        0, ge=0, le=31_536_000, description="Seconds a logout holds; 0 until the member logs in again."
    )


class RingGroupToggle(Verb[RingGroupToggleData]):
    """Let the caller leave a ring group, and come back to it. He or his phone must be a member."""

    Data = RingGroupToggleData
    children: ClassVar[dict[str, str]] = {"_": "it is done, or the caller is no member"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"action": "logout", "callflow_id": "0123456789abcdef0123456789abcdef"},
    )

    async def run(self, call: Call, data: RingGroupToggleData) -> Branch:
        await call.answer()
        caller = tuple(filter(None, (call.owner_id, call.authorizing_id)))
        away = data.action == "logout"
        done = await in_account(
            call.account_id, toggle_member, data.callflow_id, caller, away=away, seconds=data.duration
        )
        prompt = "agent-invalid_choice" if not done else "agent-logged_out" if away else "agent-logged_in"
        await call.play(await sound(call, Prompt(prompt)))
        return go_on(why=f"{data.action} of {caller}" if done else "the caller is no member")
