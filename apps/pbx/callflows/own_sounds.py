"""The sound a document names, or else the system's own words."""

from __future__ import annotations

from apps.pbx.callflows.sounds import playable_or_none
from apps.pbx.media.speech import Prompt, sound
from apps.switching.calls.port import Call


async def own_or_prompt(call: Call, wanted: str | bool | None, prompt_id: str) -> str:
    """What to play for a field that names a sound, is `true` (or absent) for the prompt, or `false` for silence (then
    empty). A sound that is gone is the prompt."""
    if wanted is False:
        return ""
    own = await playable_or_none(call, wanted) if isinstance(wanted, str) else ""
    return own or await sound(call, Prompt(prompt_id))


async def play_own_or_prompt(call: Call, wanted: str | bool | None, prompt_id: str) -> None:
    """Play it."""
    if media := await own_or_prompt(call, wanted, prompt_id):
        await call.play(media)
