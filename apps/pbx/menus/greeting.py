"""Recording another greeting of a menu by phone."""

from __future__ import annotations

from apps.foundation.accounts.bridge import in_account
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.ids import new_id
from apps.pbx.media.speech import File, Prompt, sound
from apps.pbx.menus.actions import MenuGone, keep_greeting
from apps.switching.calls.port import ALL_KEYS, Call, Recorded, RecordRequest

#: Seconds of a greeting, and of the silence that ends it.
LONGEST, SILENCE = 180, 5
#: Milliseconds below which nothing was said.
SHORTEST = 500
TRIES = 4
SAVE, LISTEN, AGAIN = "1", "2", "3"
_BEEP = File("tone_stream://%(500,0,640)")


async def record_greeting(call: Call, menu_id: str) -> bool:
    """Record, let the caller listen and decide, and make it the menu's greeting. False where nothing was kept."""
    for _try in range(TRIES):
        recorded = await _record(call)
        if recorded is None:
            await call.play(await sound(call, Prompt("menu-recording_too_short")))
            continue
        if await _is_good(call, recorded):
            return await _keep(call, menu_id, recorded)
    return False


async def _record(call: Call) -> Recorded | None:
    # A key ends the words; left in the queue it would end the recording before it begins.
    await call.play(await sound(call, Prompt("menu-record_greeting")), ALL_KEYS)
    await call.play(await sound(call, _BEEP))
    request = RecordRequest(f"{call.account_id}/{new_id()}.wav", limit=LONGEST, silence_seconds=SILENCE)
    recorded = await call.record(request)
    return recorded if recorded.milliseconds >= SHORTEST else None


async def _is_good(call: Call, recorded: Recorded) -> bool:
    """Whether the caller keeps it; silence keeps it too, for nobody is asked for ever."""
    for _try in range(TRIES):
        pressed = await call.collect(
            await sound(call, Prompt("menu-review_recording")), maximum=1, timeout=10_000, interdigit_timeout=2_000
        )
        if pressed == LISTEN:
            await call.play(recorded.path)
        elif pressed in (SAVE, AGAIN):
            return pressed == SAVE
    return True


async def _keep(call: Call, menu_id: str, recorded: Recorded) -> bool:
    try:
        await in_account(
            call.account_id,
            keep_greeting,
            menu_id,
            recorded.path,
            switch=call.switch,
            milliseconds=recorded.milliseconds,
            principal=system_principal(call.account_id),
        )
    except MenuGone:
        return False
    await call.play(await sound(call, Prompt("menu-recording_saved")))
    return True
