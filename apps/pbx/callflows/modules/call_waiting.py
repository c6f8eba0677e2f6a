from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.endpoints import rules
from apps.pbx.endpoints.actions import by_phone, change_settings, target_of
from apps.pbx.media.speech import Prompt, sound
from apps.switching.calls.port import Call


class CallWaitingData(VerbData):
    action: Literal["activate", "deactivate", "toggle"] = Field("toggle", description="Switch it on, off, or over.")
    scope: Literal["device", "user"] = Field("device", description="For the calling phone, or all of its user's.")


class CallWaiting(Verb[CallWaitingData]):
    """Let the caller switch call waiting: off, a phone that has a call is busy for everybody else."""

    Data = CallWaitingData
    children: ClassVar[dict[str, str]] = {"_": "it is done, or the phone is nobody's"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"action": "toggle"}, {"action": "deactivate", "scope": "user"})

    async def run(self, call: Call, data: CallWaitingData) -> Branch:
        await call.answer()

        def switch() -> bool | None:
            target = target_of(call.authorizing_id, call.owner_id if data.scope == "user" else "")
            if target is None:
                return None
            now = rules.call_waiting(account={}, user={}, device=target.document)
            on = data.action == "activate" or (data.action == "toggle" and not now)
            change_settings(target, {"call_waiting": {"enabled": on}}, by_phone(call.owner_id))
            return on

        on = await in_account(call.account_id, switch)
        prompt = "cw-not_available" if on is None else "cw-activated" if on else "cw-deactivated"
        await call.play(await sound(call, Prompt(prompt)))
        return go_on(why="there is none" if on is None else f"call waiting: {'on' if on else 'off'}")
