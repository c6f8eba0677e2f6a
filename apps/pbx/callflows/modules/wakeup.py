from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.media.speech import Prompt, sound
from apps.pbx.wakeup_calls import setting
from apps.pbx.wakeup_calls.keyed_time import keyed_time
from apps.pbx.wakeup_calls.ringing import ATTEMPT
from apps.pbx.wakeup_calls.waking import wake
from apps.switching.calls.port import Call


class WakeupData(VerbData):
    action: Literal["menu", "set", "cancel", "list"] = Field(
        "menu", description="Ask the caller what to do, ask him for the time, cancel all that are set, or say them."
    )


class Wakeup(Verb[WakeupData]):
    """Let the caller have his phone called at a time of day: once, every day, or from Monday to Friday.

    A time that was dialled behind the star code (`*550730`) is set at once, for the next time the clock shows it. Who
    answers the wake-up call hears the time, and presses 1 to be called again later or any other key to confirm.
    """

    Data = WakeupData
    children: ClassVar[dict[str, str]] = {"_": "it is done, or the caller keyed in nothing"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"action": "menu"}, {"action": "cancel"})

    async def run(self, call: Call, data: WakeupData) -> Branch:
        if attempt_id := call.variables.get(ATTEMPT):
            return go_on(why=await wake(call, attempt_id))
        await call.answer()
        if not await setting.is_a_phone(call):
            await call.play(await sound(call, Prompt("wakeup-not_available")))
            return go_on(why="no phone of the account")
        return go_on(why=await _chosen(call, data.action))

    def explain(self, asking: Asking, data: WakeupData) -> Branch:
        at = keyed_time(asking.capture_group)
        if data.action == "menu" and at is not None:
            return go_on(why=f"a wake-up call is set for {at:%H:%M}")
        told = {"menu": "asked what to do", "set": "asked for a time", "cancel": "wake-up calls are cancelled"}
        return go_on(why=told.get(data.action, "hears which wake-up calls are set"))


async def _chosen(call: Call, action: str) -> str:
    if action == "cancel":
        return await setting.cancel_all(call)
    if action == "list":
        return await setting.tell(call)
    dialled = call.variables.get("capture_group", "")
    if not dialled:
        return await (setting.ask_and_set(call) if action == "set" else setting.walk_through(call))
    at = keyed_time(dialled)
    if at is None:
        await call.play(await sound(call, Prompt("wakeup-invalid_time")))
        return await setting.ask_and_set(call)
    return await setting.set_for(call, at, [])
