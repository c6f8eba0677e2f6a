from __future__ import annotations

from typing import Any, ClassVar

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.redialling import dial_anew, explained
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.camping import actions
from apps.pbx.media.speech import Prompt, sound
from apps.switching.calls.port import Call


class CampingData(VerbData):
    pass


class CampOn(Verb[CampingData]):
    """Call an extension, or where somebody there is in a call, have the caller's phone rung when he is free.

    The extension is what was captured of what was dialled.
    """

    Data = CampingData
    children: ClassVar[dict[str, str]] = {"_": "the caller is going to be called back, or cannot be"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)

    async def run(self, call: Call, data: CampingData) -> Branch:
        extension = call.variables.get("capture_group", "")
        wanted = await in_account(call.account_id, actions.wanted_at, extension) if extension else frozenset()
        if not wanted or call.call_kind != "internal" or not call.authorizing_id:
            return await self._say(call, "camp-denied", "there is nobody to wait for, or no phone to call back")
        if not await in_account(call.account_id, actions.are_busy, wanted, call.interaction_id):
            if call.variables.get(actions.CAMPED):
                await call.answer()
                await call.play(await sound(call, Prompt("camp-ready")))
            return await dial_anew(call, extension)
        waits = await in_account(
            call.account_id, actions.camp, call.authorizing_id, extension, call.destination, wanted
        )
        if not waits:
            return await self._say(call, "camp-denied", "the phone waits for too many already")
        return await self._say(call, "camp-queued", f"called back when {extension} is free")

    @staticmethod
    async def _say(call: Call, prompt: str, why: str) -> Branch:
        await call.answer()
        await call.play(await sound(call, Prompt(prompt)))
        return go_on(why=why)

    def explain(self, asking: Asking, data: CampingData) -> Branch:
        return explained(asking.capture_group) if asking.capture_group else go_on(why="there is nobody to wait for")
