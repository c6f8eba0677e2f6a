from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.endpoints import rules
from apps.pbx.endpoints.actions import by_phone, change_settings, target_of
from apps.pbx.media.speech import Prompt, sound
from apps.switching.calls.port import Call


class DoNotDisturbData(VerbData):
    action: Literal["activate", "deactivate", "toggle"] = Field("toggle", description="Switch it on, off, or over.")
    id: str = Field(
        "",
        max_length=128,
        description="The user or device; empty for the user whose phone it is, or a phone that is nobody's.",
    )


class DoNotDisturb(Verb[DoNotDisturbData]):
    """Let the caller switch his do-not-disturb: his phones ring for nobody then."""

    Data = DoNotDisturbData
    children: ClassVar[dict[str, str]] = {"_": "it is done, or there is no such user or device"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"action": "toggle"}, {"action": "activate"})

    async def run(self, call: Call, data: DoNotDisturbData) -> Branch:
        await call.answer()

        def switch() -> bool | None:
            target = target_of(call.authorizing_id, call.owner_id, data.id)
            if target is None:
                return None
            on = data.action == "activate" or (data.action == "toggle" and not rules.do_not_disturb(target.document))
            change_settings(target, {"do_not_disturb": {"enabled": on}}, by_phone(call.owner_id))
            return on

        on = await in_account(call.account_id, switch)
        prompt = "dnd-not_available" if on is None else "dnd-activated" if on else "dnd-deactivated"
        await call.play(await sound(call, Prompt(prompt)))
        return go_on(why="there is none" if on is None else f"do not disturb: {'on' if on else 'off'}")
